import { type CborValue, fromHex, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_KEYS_MAX,
  accountDirectory,
  accountIdOf,
  accountIn,
  accountKey,
  decodeAccount,
  decodeNode,
  nodeIn,
  nodeKey,
  organizationKey,
  ownerKey,
} from '../src/index.ts';
import { ada, bob, cyd, dee, Person, World } from './harness.ts';

const M = 'accounts';
const id = (person: Person) => fromHex(person.id);
const eve = new Person(50, 'alpha', []);
const key = (number: number) => new Person(number, '', []).publicKey;
/** The identity point: of small order, so no key. */
const unfit = fromHex(`01${'00'.repeat(31)}`);
const event = (topic: string, ...value: CborValue[]) => ({ module: M, topic, value });
const operation = (method: string, ...args: CborValue[]) => ({ module: M, method, arguments: args });

describe('the genesis state', () => {
  it('holds organizations, accounts and the owners of keys', () => {
    const world = new World();
    expect(toHex(world.get(M, organizationKey('alpha'))?.bytes as Uint8Array)).toBe('8165416c706861');
    expect(accountIn(world, ada.id)).toEqual({
      organization: 'alpha',
      roles: ['admin', 'client'],
      keys: [ada.publicKey],
    });
    expect(toHex(world.get(M, ownerKey(ada.publicKey))?.bytes as Uint8Array)).toBe(ada.id);
    expect(toHex(accountKey(ada.id))).toBe(`61${ada.id}`);
    expect(accountIdOf(ada.publicKey)).toBe(ada.id);
  });
});

describe('create', () => {
  it('makes an account of the sender’s organization that can sign at once', () => {
    const world = new World();
    const { results } = world.submit(bob, [operation('create', eve.publicKey, ['client'])]);
    expect(results).toEqual({ values: [id(eve)], events: [event('account-created', id(eve), 'beta', ['client'])] });
    expect(accountIn(world, eve.id)).toEqual({ organization: 'beta', roles: ['client'], keys: [eve.publicKey] });
    expect(world.call(eve, 'coordination', 'check', '/', null)).toBe(0);
  });

  it.each([
    ['ROLE_MISSING', cyd, [eve.publicKey, []]],
    ['KEY_TAKEN', ada, [bob.publicKey, []]],
    ['KEY_UNFIT', ada, [unfit, []]],
    ['ARGUMENTS_MALFORMED', ada, [eve.publicKey.subarray(1), []]],
    ['ARGUMENTS_MALFORMED', ada, [eve.publicKey, ['king']]],
    ['ARGUMENTS_MALFORMED', ada, [eve.publicKey, ['client', 'client']]],
    ['ARGUMENTS_MALFORMED', ada, [eve.publicKey, 'client']],
    ['ARGUMENTS_MALFORMED', ada, [eve.publicKey]],
    ['ARGUMENTS_MALFORMED', ada, [eve.publicKey, [], null]],
  ] as const)('fails with %s', (code, person, args) => {
    const world = new World();
    const before = world.snapshot();
    expect(world.call(person, M, 'create', ...args)).toBe(code);
    expect(world.snapshot()).toEqual(before);
  });
});

describe('set-roles', () => {
  it('changes what an account may do, from the next operation on', () => {
    const world = new World();
    const { results } = world.submit(ada, [operation('set-roles', id(cyd), ['reader'])]);
    expect(results.events).toEqual([event('roles-set', id(cyd), ['reader'])]);
    expect(world.call(cyd, 'coordination', 'check', '/', null)).toBe('ROLE_MISSING');
    expect(world.call(ada, M, 'set-roles', id(ada), ['admin'])).toBe(null);
  });

  it.each([
    ['ROLE_MISSING', cyd, [id(cyd), ['admin']]],
    ['ACCOUNT_UNKNOWN', ada, [id(eve), []]],
    ['ORGANIZATION_FOREIGN', ada, [id(bob), []]],
    ['ADMIN_SELF_REMOVAL', ada, [id(ada), ['client']]],
    ['ARGUMENTS_MALFORMED', ada, [id(cyd), [1]]],
  ] as const)('fails with %s', (code, person, args) => {
    expect(new World().call(person, M, 'set-roles', ...args)).toBe(code);
  });
});

describe('add-key and remove-key', () => {
  it('let an account sign with another key, and no more with the old', () => {
    const world = new World();
    const { results } = world.submit(cyd, [operation('add-key', id(cyd), key(60))]);
    expect(results.events).toEqual([event('key-added', id(cyd), key(60))]);
    const sender = (publicKey: Uint8Array) => accountDirectory.sender(world, cyd.id, publicKey);
    expect(sender(key(60))).toEqual({ account: cyd.id, organization: 'alpha', roles: ['client'] });
    const removed = world.submit(cyd, [operation('remove-key', id(cyd), cyd.publicKey)]);
    expect(removed.results.events).toEqual([event('key-removed', id(cyd), cyd.publicKey)]);
    expect([sender(cyd.publicKey), sender(key(60))?.account]).toEqual([undefined, cyd.id]);
    expect(() => world.call(cyd, 'coordination', 'check', '/', null)).toThrow('KEY_INACTIVE');
    // The key stays the account's for ever.
    expect(world.call(ada, M, 'create', cyd.publicKey, [])).toBe('KEY_TAKEN');
    expect(world.call(ada, M, 'add-key', id(cyd), cyd.publicKey)).toBe('KEY_TAKEN');
  });

  it('take no more than eight', () => {
    const world = new World();
    for (let i = 1; i < ACCOUNT_KEYS_MAX; i++) expect(world.call(ada, M, 'add-key', id(cyd), key(60 + i))).toBe(null);
    expect(world.call(ada, M, 'add-key', id(cyd), key(80))).toBe('KEYS_TOO_MANY');
  });

  it.each([
    ['ROLE_MISSING', 'add-key', cyd, [id(ada), key(60)]],
    ['ORGANIZATION_FOREIGN', 'add-key', bob, [id(ada), key(60)]],
    ['ACCOUNT_UNKNOWN', 'add-key', ada, [id(eve), key(60)]],
    ['KEY_TAKEN', 'add-key', ada, [id(ada), bob.publicKey]],
    ['KEY_UNFIT', 'add-key', ada, [id(ada), unfit]],
    ['ARGUMENTS_MALFORMED', 'add-key', ada, [id(ada)]],
    ['ROLE_MISSING', 'remove-key', cyd, [id(ada), ada.publicKey]],
    ['ORGANIZATION_FOREIGN', 'remove-key', bob, [id(ada), ada.publicKey]],
    ['ACCOUNT_UNKNOWN', 'remove-key', ada, [id(eve), eve.publicKey]],
    ['KEY_UNKNOWN', 'remove-key', ada, [id(ada), bob.publicKey]],
    ['KEY_LAST', 'remove-key', ada, [id(ada), ada.publicKey]],
    ['ARGUMENTS_MALFORMED', 'remove-key', ada, [id(ada), 'key']],
  ] as const)('fail with %s: %s', (code, method, person, args) => {
    expect(new World().call(person, M, method, ...args)).toBe(code);
  });
});

describe('register-node and revoke-node', () => {
  it('let a node in, out, and in again', () => {
    const world = new World();
    const { results } = world.submit(ada, [operation('register-node', key(70), 'observer-1')]);
    expect(results.events).toEqual([event('node-registered', key(70), 'observer-1', 'alpha')]);
    expect(nodeIn(world, key(70))).toEqual({ name: 'observer-1', organization: 'alpha', revoked: false });
    expect(world.call(ada, M, 'register-node', key(70), 'observer-2')).toBe('NODE_KNOWN');
    const revoked = world.submit(ada, [operation('revoke-node', key(70))]);
    expect(revoked.results.events).toEqual([event('node-revoked', key(70))]);
    expect(nodeIn(world, key(70))?.revoked).toBe(true);
    expect(world.call(ada, M, 'revoke-node', key(70))).toBe('NODE_UNKNOWN');
    expect(world.call(bob, M, 'register-node', key(70), 'stolen')).toBe('NODE_KNOWN');
    expect(world.call(ada, M, 'register-node', key(70), 'observer-2')).toBe(null);
    expect(world.call(bob, M, 'revoke-node', key(70))).toBe('ORGANIZATION_FOREIGN');
    expect(toHex(nodeKey(key(70)).subarray(0, 1))).toBe('6e');
  });

  it.each([
    ['ROLE_MISSING', 'register-node', cyd, [key(70), 'x']],
    ['KEY_UNFIT', 'register-node', ada, [unfit, 'x']],
    ['ARGUMENTS_MALFORMED', 'register-node', ada, [key(70), 'X']],
    ['ARGUMENTS_MALFORMED', 'register-node', ada, [key(70)]],
    ['ROLE_MISSING', 'revoke-node', dee, [key(70)]],
    ['NODE_UNKNOWN', 'revoke-node', ada, [key(70)]],
    ['ARGUMENTS_MALFORMED', 'revoke-node', ada, []],
  ] as const)('fail with %s: %s', (code, method, person, args) => {
    expect(new World().call(person, M, method, ...args)).toBe(code);
  });
});

it('malformed records are refused', () => {
  const malformed = expect.objectContaining({ code: 'RECORD_MALFORMED' });
  expect(() => decodeAccount(fromHex('83616181646b696e6780'))).toThrow(malformed);
  expect(() => decodeNode(fromHex('83616161620000'))).toThrow(malformed);
});
