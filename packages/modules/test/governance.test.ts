import { type Configuration, PROTOCOL_NAMES, type ValidatorMember } from '@varve/consensus';
import { blockHash, type CborValue, fromHex, nodeId, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  CONFIGURATION_KEY,
  configurationHashOf,
  encodeConfiguration,
  type Genesis,
  type Operation,
  PARAMETERS_DEFAULT,
} from '@varve/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changedConfigurationIn,
  decodeProposal,
  decodeReadyMark,
  isAgreed,
  PROPOSALS_OPEN_MAX,
  proposalIdOf,
  proposalIdsIn,
  proposalIn,
  proposalKey,
  READY_BLOCKS_MAX,
  READY_MS_MAX,
  readyMarkIn,
  readySignBytes,
  TIME_FLOOR_AHEAD_MS_MAX,
  usedKeyKey,
  usedNameKey,
} from '../src/index.ts';
import { ada, bob, cyd, genesis, Person, World } from './harness.ts';

const M = 'governance';
const HASH = blockHash('cd'.repeat(32));
/** The identity point: of small order, so no key. */
const UNFIT = `01${'00'.repeat(31)}`;

const operation = (method: string, ...args: CborValue[]): Operation => ({ module: M, method, arguments: args });
const event = (topic: string, ...value: CborValue[]) => ({ module: M, topic, value });
const hex = (number: number) => publicKeyHex(toHex(new Person(number, '', []).publicKey));

/** A seat whose two keys are made of its number. */
function seat(number: number, organization = 'alpha'): ValidatorMember {
  return { name: nodeId(`v${number}`), organization, signingKey: hex(100 + number), networkKey: hex(150 + number) };
}

/** The configuration after the present one, changed. */
function successor(world: World, changes: Partial<Configuration> = {}): Configuration {
  const { configuration } = world.chain;
  const parentHash = configurationHashOf(configuration);
  return { ...configuration, number: configuration.number + 1, parentHash, ...changes };
}

function withSeats(world: World, ...seats: readonly ValidatorMember[]): Configuration {
  const validators = [...seats].sort((a, b) => (a.name < b.name ? -1 : 1));
  return successor(world, { validators });
}

/** Proposes by alpha; returns the id, or the code where that failed. */
function propose(world: World, next: Configuration, ...override: readonly boolean[]): CborValue {
  return world.call(ada, M, 'propose', encodeConfiguration(next), ...override);
}

/** Proposes by alpha, approves by beta: `true`, or the code of the failure. */
function change(world: World, next: Configuration, ...override: readonly boolean[]): CborValue {
  const id = propose(world, next, ...override);
  return id instanceof Uint8Array ? world.call(bob, M, 'vote', id, true) : id;
}

/** Arguments of `ready` for the seat of that number, with what a test changes. */
function readyArguments(
  world: World,
  number: number,
  changes: { seat?: Partial<ValidatorMember>; rules?: number; height?: number; proof?: Uint8Array } = {},
): CborValue[] {
  const validator = { ...seat(number), ...changes.seat };
  const { rules = 1, height = 1 } = changes;
  const signed = readySignBytes({ chainId: world.chain.chainId, validator, rules, height, blockHash: HASH });
  const proof = changes.proof ?? new Person(100 + number, '', []).sign(signed);
  const { name, organization, signingKey, networkKey } = validator;
  return [[name, organization, fromHex(signingKey), fromHex(networkKey)], rules, height, fromHex(HASH), proof];
}

function markReady(world: World, number: number, changes: Parameters<typeof readyArguments>[2] = {}): CborValue {
  const organization = changes.seat?.organization ?? 'alpha';
  const admin = organization === 'alpha' ? ada : bob;
  return world.call(admin, M, 'ready', ...readyArguments(world, number, changes));
}

/** A world whose blocks 1 and up have the hash of the proofs. */
function newWorld(origin: Genesis = genesis): World {
  const world = new World(true, origin);
  world.chain = { ...world.chain, isBlock: (at, hash) => at >= 1 && at <= world.height && hash === HASH };
  world.submit(ada, [{ module: 'coordination', method: 'check', arguments: ['/', null] }]);
  return world;
}

describe('a change', () => {
  it('happens in the operation that makes the approving organizations more than half', () => {
    const world = newWorld();
    const next = successor(world, { protocol: 'tendermint' });
    const bytes = encodeConfiguration(next);
    const id = proposalIdOf(bytes, true);
    const proposed = world.submit(ada, [operation('propose', bytes, true)]);
    const hash = fromHex(configurationHashOf(next));
    expect(proposed.results).toEqual({
      values: [id],
      events: [event('proposal-made', id, 'alpha', 1, hash, true), event('vote-cast', id, 'alpha', true)],
    });
    expect(world.get(M, CONFIGURATION_KEY)).toBeUndefined();
    expect(proposalIdsIn(world, 'alpha')).toEqual([id]);

    const voted = world.submit(bob, [operation('vote', id, true)]);
    expect(voted.results).toEqual({
      values: [true],
      events: [event('vote-cast', id, 'beta', true), event('configuration-changed', 1, hash, id)],
    });
    expect(world.get(M, CONFIGURATION_KEY)?.bytes).toEqual(bytes);
    expect(changedConfigurationIn(world)).toEqual(next);
    expect(proposalIn(world, id)).toEqual({
      configuration: bytes,
      override: true,
      organization: 'alpha',
      time: world.time,
      adopted: world.height,
      votes: [
        { organization: 'alpha', approve: true },
        { organization: 'beta', approve: true },
      ],
    });
    expect(toHex(id)).toBe(toHex(proposalIdOf(bytes, true)));
    expect(toHex(proposalIdOf(bytes, false))).not.toBe(toHex(id));
    expect(toHex(proposalKey(id)).slice(0, 2)).toBe('70');
  });

  it('happens at once where the proposer alone is more than half', () => {
    const world = newWorld();
    world.chain = { ...world.chain, organizations: ['alpha'] };
    const { results } = world.submit(ada, [operation('propose', encodeConfiguration(successor(world)))]);
    expect(results.events.map(({ topic }) => topic)).toEqual(['proposal-made', 'vote-cast', 'configuration-changed']);
  });

  it('is followed by another, each the child of the one before', () => {
    const world = newWorld();
    expect(change(world, successor(world, { protocol: 'tendermint' }), true)).toBe(true);
    expect(change(world, successor(world, { protocol: 'raft' }))).toBe(true);
    expect(changedConfigurationIn(world)).toMatchObject({ number: 2, protocol: 'raft' });
  });

  it('comes once in a block: the rest of it proposes and decides nothing', () => {
    const world = newWorld();
    const [first, second] = [successor(world), successor(world, { protocol: 'tendermint' })];
    const [a, b] = [propose(world, first), propose(world, second, true)];
    const code = (answers: ReturnType<World['submitAll']>) => answers.map(({ outcome }) => outcome.code);
    const again = operation('propose', encodeConfiguration(first), true);
    const all = [operation('vote', a, true), operation('vote', b, true), again, operation('withdraw', b)];
    expect(code(world.submitAll(all.map((one) => [bob, [one]])))).toEqual([
      'OK',
      'CONFIGURATION_PENDING',
      'CONFIGURATION_PENDING',
      'CONFIGURATION_PENDING',
    ]);
    expect(world.call(bob, M, 'vote', b, true)).toBe('CONFIGURATION_STALE');
    expect(world.call(ada, M, 'withdraw', a)).toBe('CONFIGURATION_STALE');
  });
});

describe('propose', () => {
  const bytes = (changes: (world: World) => Configuration) => (world: World) => encodeConfiguration(changes(world));
  const limits = (changes: Partial<Configuration['parameters']>) =>
    bytes((world) => successor(world, { parameters: { ...PARAMETERS_DEFAULT, ...changes } }));

  it.each([
    ['ROLE_MISSING', cyd, bytes(successor)],
    ['CONFIGURATION_MALFORMED', ada, () => utf8Encode('configuration')],
    ['CONFIGURATION_MALFORMED', ada, bytes((world) => successor(world, { validators: [] }))],
    ['CONFIGURATION_STALE', ada, bytes((world) => world.chain.configuration)],
    ['CONFIGURATION_STALE', ada, bytes((world) => successor(world, { number: 2 }))],
    ['CONFIGURATION_STALE', ada, bytes((world) => successor(world, { parentHash: HASH as never }))],
    ['PARAMETERS_UNFIT', ada, limits({ valueBytesMax: 16_383 })],
    ['PARAMETERS_UNFIT', ada, limits({ payloadBytesMax: 4 * 1024 * 1024 + 1 })],
    ['PARAMETERS_UNFIT', ada, limits({ validityMs: 999 })],
    ['PARAMETERS_UNFIT', ada, limits({ timeFloor: genesis.time + TIME_FLOOR_AHEAD_MS_MAX + 1 })],
    ['PARAMETERS_UNFIT', ada, limits({ policies: [{ kind: 'all', numerator: 0, denominator: 1 }] })],
    ['ORGANIZATION_UNKNOWN', ada, bytes((world) => withSeats(world, seat(2, 'gamma')))],
    ['SEATS_CONCENTRATED', ada, bytes((world) => successor(world, { protocol: 'tendermint' }))],
    ['ARGUMENTS_MALFORMED', ada, () => 'configuration'],
  ] as const)('fails with %s', (code, person, make) => {
    const world = newWorld();
    const before = world.snapshot();
    expect(world.call(person, M, 'propose', make(world))).toBe(code);
    expect(world.snapshot()).toEqual(before);
  });

  it.each(PROTOCOL_NAMES)('takes %s, and no protocol that nobody knows', (protocol) => {
    const world = newWorld();
    const next = encodeConfiguration(successor(world, { protocol }));
    expect(world.call(ada, M, 'propose', next, true)).toBeInstanceOf(Uint8Array);
    const unknown = fromHex(
      toHex(next).replace(toHex(utf8Encode(protocol)), toHex(utf8Encode('pbft-pbft-pbft'.slice(0, protocol.length)))),
    );
    expect(world.call(ada, M, 'propose', unknown)).toBe('CONFIGURATION_MALFORMED');
  });

  it('takes limits at the ends of their ranges, and those that stay as the genesis has them', () => {
    const small = { ...PARAMETERS_DEFAULT, keyBytesMax: 100 };
    const world = newWorld({ ...genesis, configuration: { ...genesis.configuration, parameters: small } });
    const timeFloor = world.time + TIME_FLOOR_AHEAD_MS_MAX;
    const parameters = { ...small, valueBytesMax: 16_384, validityMs: 86_400_000, timeFloor };
    expect(propose(world, successor(world, { parameters }))).toBeInstanceOf(Uint8Array);
    expect(propose(world, successor(world, { parameters: { ...small, keyBytesMax: 101 } }))).toBe('PARAMETERS_UNFIT');
  });

  it('refuses lower rules', () => {
    const configuration = { ...genesis.configuration, parameters: { ...PARAMETERS_DEFAULT, rules: 2 } };
    const world = newWorld({ ...genesis, configuration });
    expect(propose(world, successor(world, { parameters: PARAMETERS_DEFAULT }))).toBe('PARAMETERS_UNFIT');
  });

  it('takes one proposal of the same bytes and override once', () => {
    const world = newWorld();
    const next = successor(world);
    expect(propose(world, next)).toBeInstanceOf(Uint8Array);
    expect(propose(world, next)).toBe('PROPOSAL_EXISTS');
    expect(propose(world, next, false)).toBe('PROPOSAL_EXISTS');
    expect(world.call(bob, M, 'propose', encodeConfiguration(next))).toBe('PROPOSAL_EXISTS');
    expect(propose(world, next, true)).toBeInstanceOf(Uint8Array);
  });

  it('takes no more than eight open ones of an organization; those for an earlier configuration count no more', () => {
    const world = newWorld();
    const numbered = (n: number) => successor(world, { parameters: { ...PARAMETERS_DEFAULT, operationsMax: 100 + n } });
    const ids = Array.from({ length: PROPOSALS_OPEN_MAX }, (_, n) => propose(world, numbered(n)));
    expect(propose(world, numbered(50))).toBe('PROPOSALS_TOO_MANY');
    expect(world.call(bob, M, 'propose', encodeConfiguration(numbered(50)))).toBeInstanceOf(Uint8Array);
    expect(world.call(ada, M, 'withdraw', ids[3] as Uint8Array)).toBe(null);
    expect(propose(world, numbered(51))).toBeInstanceOf(Uint8Array);
    expect(world.call(bob, M, 'vote', ids[0] as Uint8Array, true)).toBe(true);
    const id = propose(world, successor(world));
    expect(proposalIdsIn(world, 'alpha')).toEqual([id]);
  });
});

describe('vote', () => {
  it('replaces what the organization said before', () => {
    const world = newWorld();
    const id = propose(world, successor(world)) as Uint8Array;
    expect(world.call(ada, M, 'vote', id, false)).toBe(false);
    expect(world.call(bob, M, 'vote', id, true)).toBe(false);
    expect(proposalIn(world, id)?.votes).toEqual([
      { organization: 'alpha', approve: false },
      { organization: 'beta', approve: true },
    ]);
    expect(world.call(ada, M, 'vote', id, true)).toBe(true);
  });

  it.each([
    ['ROLE_MISSING', cyd, (id: Uint8Array) => [id, true]],
    ['PROPOSAL_UNKNOWN', bob, () => [fromHex(HASH), true]],
    ['ARGUMENTS_MALFORMED', bob, (id: Uint8Array) => [id, 1]],
    ['ARGUMENTS_MALFORMED', bob, (id: Uint8Array) => [id]],
  ] as const)('fails with %s', (code, person, args) => {
    const world = newWorld();
    const id = propose(world, successor(world)) as Uint8Array;
    expect(world.call(person, M, 'vote', ...args(id))).toBe(code);
  });

  it('fails with CONFIGURATION_STALE when another proposal won', () => {
    const world = newWorld();
    const stale = propose(world, successor(world), true) as Uint8Array;
    expect(change(world, successor(world))).toBe(true);
    expect(world.call(bob, M, 'vote', stale, true)).toBe('CONFIGURATION_STALE');
  });

  it('needs more than half, of one to seven organizations', () => {
    const organizations = (count: number) => Array.from({ length: count }, (_, i) => `org${i}`);
    const votesOf = fc.uniqueArray(
      fc.record({ organization: fc.constantFrom(...organizations(9)), approve: fc.boolean() }),
      {
        selector: ({ organization }) => organization,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), votesOf, (count, votes) => {
        const approving = organizations(count).filter((name) =>
          votes.some((one) => one.organization === name && one.approve),
        ).length;
        expect(isAgreed(votes, organizations(count))).toBe(approving > count / 2);
      }),
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'of %i organizations in turn, decides with the first that is more than half',
    (count) => {
      const people = Array.from({ length: count }, (_, i) => new Person(20 + i, `org${i}`, ['admin']));
      const organizations = people.map(({ organization }) => ({ name: organization, title: organization }));
      const validators = genesis.configuration.validators.map((one) => ({ ...one, organization: 'org0' }));
      const accounts = people.map(({ publicKey, organization, roles }) => ({
        publicKey: publicKeyHex(toHex(publicKey)),
        organization,
        roles,
      }));
      const configuration = { ...genesis.configuration, validators };
      const world = new World(true, { ...genesis, organizations, accounts, configuration });
      const next = encodeConfiguration(successor(world));
      const [first, ...others] = people as [Person, ...Person[]];
      const id = world.call(first, M, 'propose', next) as Uint8Array;
      let needed = 1;
      for (const person of others) {
        if (changedConfigurationIn(world)) break;
        world.call(person, M, 'vote', id, true);
        needed += 1;
      }
      expect(needed).toBe(Math.floor(count / 2) + 1);
      expect(changedConfigurationIn(world)?.number).toBe(1);
    },
  );
});

describe('withdraw', () => {
  it('forgets the proposal of the own organization, which can be made again', () => {
    const world = newWorld();
    const id = propose(world, successor(world)) as Uint8Array;
    expect(world.call(bob, M, 'withdraw', id)).toBe('ORGANIZATION_FOREIGN');
    expect(world.call(cyd, M, 'withdraw', id)).toBe('ROLE_MISSING');
    const { results } = world.submit(ada, [operation('withdraw', id)]);
    expect(results.events).toEqual([event('proposal-withdrawn', id, 'alpha')]);
    expect([proposalIn(world, id), proposalIdsIn(world, 'alpha')]).toEqual([undefined, []]);
    expect(world.call(ada, M, 'withdraw', id)).toBe('PROPOSAL_UNKNOWN');
    expect(propose(world, successor(world))).toEqual(id);
  });
});

describe('ready', () => {
  it('keeps what the candidate proved, with the time of the block', () => {
    const world = newWorld();
    const { results } = world.submit(ada, [operation('ready', ...readyArguments(world, 2, { rules: 3 }))]);
    const { name, organization, signingKey, networkKey } = seat(2);
    expect(results).toEqual({
      values: [null],
      events: [event('seat-ready', name, organization, fromHex(signingKey), fromHex(networkKey), 3)],
    });
    expect(readyMarkIn(world, seat(2))).toEqual({ name, networkKey, rules: 3, time: world.time });
    expect(readyMarkIn(world, seat(2, 'beta'))).toBeUndefined();
  });

  it.each([
    ['ORGANIZATION_FOREIGN', { seat: { organization: 'beta' } }],
    ['BLOCK_UNKNOWN', { height: 0 }],
    ['BLOCK_UNKNOWN', { height: 9 }],
    ['KEY_UNFIT', { seat: { networkKey: publicKeyHex(UNFIT) } }],
    ['KEY_UNFIT', { seat: { signingKey: publicKeyHex(UNFIT) } }],
    ['PROOF_INVALID', { proof: new Uint8Array(64) }],
    ['ARGUMENTS_MALFORMED', { seat: { name: 'V2' as never } }],
    ['ARGUMENTS_MALFORMED', { proof: new Uint8Array(63) }],
  ] as const)('fails with %s: %o', (code, changes) => {
    const world = newWorld();
    expect(world.call(ada, M, 'ready', ...readyArguments(world, 2, changes))).toBe(code);
  });

  it('is for admins', () => {
    const world = newWorld();
    expect(world.call(cyd, M, 'ready', ...readyArguments(world, 2))).toBe('ROLE_MISSING');
  });

  it('takes a proof only for what was signed', () => {
    const world = newWorld();
    const signed = readyArguments(world, 2);
    const proofOf = (args: CborValue[]) => world.call(ada, M, 'ready', ...args);
    expect(proofOf([signed[0] as CborValue, 2, ...signed.slice(2)])).toBe('PROOF_INVALID');
    const [validator, ...rest] = signed as [CborValue[], ...CborValue[]];
    expect(proofOf([['v3', ...validator.slice(1)], ...rest])).toBe('PROOF_INVALID');
    expect(proofOf([[...validator.slice(0, 3), fromHex(hex(199))], ...rest])).toBe('PROOF_INVALID');
    world.chain = { ...world.chain, chainId: HASH as never };
    const other = readyArguments(world, 2);
    world.chain = { ...newWorld().chain, isBlock: () => true };
    expect(proofOf(other)).toBe('PROOF_INVALID');
  });

  it('takes the last 1,000 blocks', () => {
    const world = newWorld();
    world.height = READY_BLOCKS_MAX;
    expect(markReady(world, 2, { height: 1 })).toBe(null);
    expect(markReady(world, 2, { height: 1 })).toBe('BLOCK_TOO_OLD');
    expect(markReady(world, 2, { height: 2 })).toBe('BLOCK_TOO_OLD');
    expect(markReady(world, 2, { height: 4 })).toBe(null);
  });
});

describe('a new seat', () => {
  const v1 = genesis.configuration.validators[0] as ValidatorMember;

  it('needs a fresh mark; without one the vote that would decide is not counted', () => {
    const world = newWorld();
    const id = propose(world, withSeats(world, v1, seat(2))) as Uint8Array;
    expect(world.call(bob, M, 'vote', id, true)).toBe('SEAT_NOT_READY');
    expect(proposalIn(world, id)?.votes).toEqual([{ organization: 'alpha', approve: true }]);
    expect(markReady(world, 2)).toBe(null);
    world.time += READY_MS_MAX;
    expect(world.call(bob, M, 'vote', id, true)).toBe('SEAT_NOT_READY');
    expect(markReady(world, 2)).toBe(null);
    world.time += READY_MS_MAX - 1;
    expect(world.call(bob, M, 'vote', id, true)).toBe(true);
  });

  it.each([
    ['another name', { name: nodeId('v3') }],
    ['another network key', { networkKey: hex(199) }],
    ['another organization', { organization: 'beta' }],
  ])('needs a mark of its own: not with %s', (_what, changes) => {
    const world = newWorld();
    expect(markReady(world, 2, { seat: changes })).toBe(null);
    expect(change(world, withSeats(world, v1, seat(2)))).toBe('SEAT_NOT_READY');
  });

  it.each([
    ['another signing key', { signingKey: hex(105) }],
    ['another network key', { networkKey: hex(199) }],
    ['another organization', { organization: 'beta' }],
  ])('is one with the name of a present seat and %s, too', (_what, changes) => {
    const world = newWorld({ ...genesis, configuration: { ...genesis.configuration, validators: [seat(1)] } });
    const changed = { ...seat(1), ...changes };
    expect(change(world, withSeats(world, changed))).toBe('SEAT_NOT_READY');
    expect(markReady(world, changed.signingKey === hex(105) ? 5 : 1, { seat: changed })).toBe(null);
    expect(change(world, withSeats(world, changed), true)).toBe(true);
  });

  it('never has a name or key that left, or one of another seat', () => {
    const world = newWorld();
    for (const number of [2, 3]) markReady(world, number);
    expect(change(world, withSeats(world, seat(2)))).toBe(true);
    // v1 was a seat of the genesis.
    for (const key of [usedNameKey('v1'), usedKeyKey(v1.signingKey), usedKeyKey(seat(2).networkKey)])
      expect(world.get(M, key)).toBeDefined();
    expect(propose(world, withSeats(world, v1, seat(2)))).toBe('SEAT_REUSED');
    expect(propose(world, withSeats(world, { ...seat(3), name: v1.name }, seat(2)))).toBe('SEAT_REUSED');
    expect(propose(world, withSeats(world, { ...seat(3), networkKey: v1.signingKey }, seat(2)))).toBe('SEAT_REUSED');
    expect(propose(world, withSeats(world, { ...seat(3), signingKey: seat(2).signingKey }))).toBe('SEAT_REUSED');
    const swapped = { ...seat(2), signingKey: seat(2).networkKey, networkKey: seat(2).signingKey };
    expect(propose(world, withSeats(world, swapped))).toBe('SEAT_REUSED');
    expect(change(world, withSeats(world, seat(2), seat(3)))).toBe(true);
  });

  it('may not have a key of a present seat of the genesis either', () => {
    const world = newWorld();
    expect(propose(world, withSeats(world, { ...seat(2), signingKey: v1.signingKey }))).toBe('SEAT_REUSED');
  });
});

it('a change of the rules needs a mark of every seat with at least that number', () => {
  const configuration = { ...genesis.configuration, validators: [seat(1), seat(2, 'beta')] };
  const world = newWorld({ ...genesis, configuration });
  const next = successor(world, { parameters: { ...PARAMETERS_DEFAULT, rules: 2 } });
  const id = propose(world, next) as Uint8Array;
  markReady(world, 1, { rules: 2 });
  markReady(world, 2, { rules: 1, seat: seat(2, 'beta') });
  expect(world.call(bob, M, 'vote', id, true)).toBe('SEAT_NOT_READY');
  markReady(world, 2, { rules: 3, seat: seat(2, 'beta') });
  expect(world.call(bob, M, 'vote', id, true)).toBe(true);
});

it('under a byzantine engine no organization holds more seats than faults are tolerated', () => {
  const world = newWorld();
  const seats = (alpha: number, beta: number) =>
    Array.from({ length: alpha + beta }, (_, i) => seat(i + 1, i < alpha ? 'alpha' : 'beta'));
  world.chain = { ...world.chain, organizations: ['alpha', 'beta', 'gamma'] };
  const third = Array.from({ length: 2 }, (_, i) => seat(i + 6, 'gamma'));
  const next = (validators: readonly ValidatorMember[]) => successor(world, { protocol: 'tendermint', validators });
  expect(propose(world, next([...seats(2, 3), ...third]))).toBe('SEATS_CONCENTRATED');
  expect(propose(world, next([...seats(2, 3), ...third]), true)).toBeInstanceOf(Uint8Array);
  expect(propose(world, next([...seats(2, 2), ...third, seat(8, 'delta')]))).toBe('ORGANIZATION_UNKNOWN');
  expect(propose(world, { ...next([...seats(2, 3), ...third]), protocol: 'raft' })).toBeInstanceOf(Uint8Array);
  world.chain = { ...world.chain, organizations: ['alpha', 'beta', 'gamma', 'delta'] };
  expect(propose(world, next([...seats(2, 2), ...third, seat(8, 'delta')]))).toBeInstanceOf(Uint8Array);
});

it('malformed records are refused', () => {
  const malformed = expect.objectContaining({ code: 'RECORD_MALFORMED' });
  expect(() => decodeProposal(fromHex('80'))).toThrow(malformed);
  expect(() => decodeReadyMark(fromHex('80'))).toThrow(malformed);
});
