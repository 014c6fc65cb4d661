import { type CborValue, fromHex, toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AMOUNT_MAX,
  assetIn,
  assetKey,
  balanceIn,
  balanceKey,
  decodeAmount,
  decodeAsset,
  decodeBalance,
  encodeAmount,
} from '../src/index.ts';
import { ada, bob, cyd, dee, Person, World } from './harness.ts';

const M = 'assets';
const id = (person: Person) => fromHex(person.id);
const operation = (method: string, ...args: CborValue[]) => ({ module: M, method, arguments: args });
const nobody = new Person(9, 'alpha', []);
const amount = encodeAmount;

/** `gold` of alpha, 100 of it with ada. */
function market(signed = true): World {
  const world = new World(signed);
  expect(world.call(ada, M, 'define', 'gold', 'Gold', 2)).toBe(null);
  expect(world.call(ada, M, 'issue', 'gold', id(ada), amount(100n))).toBe(null);
  return world;
}

const holdings = (world: World) => [ada, bob, cyd].map((person) => balanceIn(world, 'gold', person.id));

describe('amounts', () => {
  it.each([
    [0n, '00'],
    [1n, '01'],
    [255n, 'ff'],
    [256n, '0100'],
    [AMOUNT_MAX, 'ff'.repeat(16)],
  ])('%s is %s', (value, hex) => {
    expect(toHex(encodeAmount(value))).toBe(hex);
    expect(decodeAmount(fromHex(hex))).toBe(value);
  });

  it.each(['', '0001', '0000', `01${'00'.repeat(16)}`])('refuse %j', (hex) => {
    expect(() => decodeAmount(fromHex(hex))).toThrow(expect.objectContaining({ code: 'AMOUNT_MALFORMED' }));
  });

  it('end at 2^128 − 1 and are not negative', () => {
    expect(() => encodeAmount(AMOUNT_MAX + 1n)).toThrow(expect.objectContaining({ code: 'AMOUNT_TOO_LARGE' }));
    expect(() => encodeAmount(-1n)).toThrow(expect.objectContaining({ code: 'AMOUNT_MALFORMED' }));
  });

  it('come back from their bytes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: AMOUNT_MAX }), (value) => {
        expect(decodeAmount(encodeAmount(value))).toBe(value);
      }),
    );
  });
});

describe('state records', () => {
  it('are what queries read', () => {
    const world = market();
    const entry = world.get(M, assetKey('gold'));
    expect(toHex(assetKey('gold'))).toBe(`61${toHex(new TextEncoder().encode('gold'))}`);
    expect(decodeAsset(entry?.bytes as Uint8Array)).toEqual({
      title: 'Gold',
      decimals: 2,
      organization: 'alpha',
      supply: 100n,
    });
    expect(toHex(balanceKey('gold', ada.id))).toBe(`62${ada.id}676f6c64`);
    expect(decodeBalance(world.get(M, balanceKey('gold', ada.id))?.bytes as Uint8Array)).toBe(100n);
  });

  it('are refused when malformed', () => {
    const malformed = expect.objectContaining({ code: 'RECORD_MALFORMED' });
    expect(() => decodeAsset(fromHex('80'))).toThrow(malformed);
    expect(() => decodeBalance(fromHex('81420001'))).toThrow(malformed);
    expect(() => decodeBalance(fromHex('81410100'))).toThrow(malformed);
  });
});

describe('define', () => {
  it('makes an asset of the sender’s organization without supply', () => {
    const world = new World();
    const { results } = world.submit(bob, [operation('define', 'gold', 'Gold', 0)]);
    expect(results).toEqual({
      values: [null],
      events: [{ module: M, topic: 'asset-defined', value: ['gold', 'Gold', 0, 'beta'] }],
    });
    expect(assetIn(world, 'gold')?.supply).toBe(0n);
  });

  it.each([
    ['ROLE_MISSING', cyd, ['iron', 'Iron', 0]],
    ['ASSET_EXISTS', bob, ['gold', 'Gold', 0]],
    ['ARGUMENTS_MALFORMED', ada, ['Iron', 'Iron', 0]],
    ['ARGUMENTS_MALFORMED', ada, ['iron', 'Iron', 39]],
    ['ARGUMENTS_MALFORMED', ada, ['iron', 'Iron']],
  ] as const)('fails with %s', (code, person, args) => {
    expect(market().call(person, M, 'define', ...args)).toBe(code);
  });
});

describe('issue', () => {
  it('raises the supply and a balance', () => {
    const world = market();
    const { results } = world.submit(ada, [operation('issue', 'gold', id(bob), amount(5n))]);
    expect(results.events).toEqual([{ module: M, topic: 'asset-issued', value: ['gold', id(bob), amount(5n)] }]);
    expect(assetIn(world, 'gold')?.supply).toBe(105n);
    expect(holdings(world)).toEqual([100n, 5n, 0n]);
  });

  it('stops where the supply would not fit into 16 bytes', () => {
    const world = market();
    expect(world.call(ada, M, 'issue', 'gold', id(bob), amount(AMOUNT_MAX))).toBe('AMOUNT_TOO_LARGE');
    expect(world.call(ada, M, 'issue', 'gold', id(bob), amount(AMOUNT_MAX - 100n))).toBe(null);
    expect(world.call(ada, M, 'issue', 'gold', id(bob), amount(1n))).toBe('AMOUNT_TOO_LARGE');
    expect(world.call(bob, M, 'transfer', 'gold', id(ada), amount(AMOUNT_MAX - 100n))).toBe(null);
    expect(holdings(world)).toEqual([AMOUNT_MAX, 0n, 0n]);
  });

  it.each([
    ['ROLE_MISSING', cyd, ['gold', id(ada), amount(1n)]],
    ['ORGANIZATION_FOREIGN', bob, ['gold', id(ada), amount(1n)]],
    ['ASSET_UNKNOWN', ada, ['iron', id(ada), amount(1n)]],
    ['ACCOUNT_UNKNOWN', ada, ['gold', id(nobody), amount(1n)]],
    ['AMOUNT_ZERO', ada, ['gold', id(ada), amount(0n)]],
    ['AMOUNT_MALFORMED', ada, ['gold', id(ada), fromHex('0001')]],
    ['AMOUNT_MALFORMED', ada, ['gold', id(ada), new Uint8Array(17).fill(1)]],
    ['ARGUMENTS_MALFORMED', ada, ['gold', id(ada), 1]],
    ['ARGUMENTS_MALFORMED', ada, ['gold', fromHex('00'), amount(1n)]],
  ] as const)('fails with %s', (code, person, args) => {
    const world = market();
    const before = world.snapshot();
    expect(world.call(person, M, 'issue', ...args)).toBe(code);
    expect(world.snapshot()).toEqual(before);
  });
});

describe('transfer', () => {
  it('moves what is held; an emptied balance has no record', () => {
    const world = market();
    const { results } = world.submit(ada, [operation('transfer', 'gold', id(bob), amount(30n))]);
    expect(results.events).toEqual([
      { module: M, topic: 'asset-transferred', value: ['gold', id(ada), id(bob), amount(30n)] },
    ]);
    expect(world.call(bob, M, 'transfer', 'gold', id(cyd), amount(30n))).toBe(null);
    expect(holdings(world)).toEqual([70n, 0n, 30n]);
    expect(world.get(M, balanceKey('gold', bob.id))).toBeUndefined();
  });

  it('to oneself changes nothing', () => {
    const world = market();
    world.call(ada, M, 'issue', 'gold', id(ada), amount(1n));
    world.call(ada, M, 'burn', 'gold', amount(1n));
    const before = world.snapshot();
    expect(world.call(ada, M, 'transfer', 'gold', id(ada), amount(1n))).toBe(null);
    expect(world.call(ada, M, 'transfer', 'gold', id(ada), amount(100n))).toBe(null);
    expect(world.call(ada, M, 'transfer', 'gold', id(ada), amount(101n))).toBe('FUNDS_INSUFFICIENT');
    expect(world.snapshot()).toEqual(before);
  });

  it.each([
    ['ROLE_MISSING', dee, ['gold', id(bob), amount(1n)]],
    ['ASSET_UNKNOWN', ada, ['iron', id(bob), amount(1n)]],
    ['ACCOUNT_UNKNOWN', ada, ['gold', id(nobody), amount(1n)]],
    ['FUNDS_INSUFFICIENT', ada, ['gold', id(bob), amount(101n)]],
    ['FUNDS_INSUFFICIENT', cyd, ['gold', id(bob), amount(1n)]],
    ['AMOUNT_ZERO', ada, ['gold', id(bob), amount(0n)]],
    ['AMOUNT_MALFORMED', ada, ['gold', id(bob), fromHex('')]],
    ['ARGUMENTS_MALFORMED', ada, ['gold', id(bob)]],
  ] as const)('fails with %s', (code, person, args) => {
    const world = market();
    const before = world.snapshot();
    expect(world.call(person, M, 'transfer', ...args)).toBe(code);
    expect(world.snapshot()).toEqual(before);
  });
});

describe('burn', () => {
  it('lowers the own balance and the supply', () => {
    const world = market();
    const { results } = world.submit(ada, [operation('burn', 'gold', amount(100n))]);
    expect(results.events).toEqual([{ module: M, topic: 'asset-burned', value: ['gold', id(ada), amount(100n)] }]);
    expect(assetIn(world, 'gold')?.supply).toBe(0n);
    expect(world.get(M, balanceKey('gold', ada.id))).toBeUndefined();
  });

  it.each([
    ['ROLE_MISSING', dee, ['gold', amount(1n)]],
    ['ASSET_UNKNOWN', ada, ['iron', amount(1n)]],
    ['FUNDS_INSUFFICIENT', ada, ['gold', amount(101n)]],
    ['FUNDS_INSUFFICIENT', bob, ['gold', amount(1n)]],
    ['AMOUNT_ZERO', ada, ['gold', amount(0n)]],
    ['AMOUNT_MALFORMED', ada, ['gold', fromHex('00ff')]],
    ['ARGUMENTS_MALFORMED', ada, ['gold', amount(1n), null]],
  ] as const)('fails with %s', (code, person, args) => {
    expect(market().call(person, M, 'burn', ...args)).toBe(code);
  });
});

it('undoes a transfer when a later operation fails', () => {
  const world = market();
  const before = world.snapshot();
  const { outcome } = world.submit(ada, [
    operation('transfer', 'gold', id(bob), amount(60n)),
    operation('burn', 'gold', amount(40n)),
    operation('transfer', 'gold', id(bob), amount(1n)),
  ]);
  expect([outcome.code, outcome.failedOperation]).toEqual(['FUNDS_INSUFFICIENT', 2]);
  expect(world.snapshot()).toEqual(before);
});

describe('random histories', () => {
  const people = [ada, bob, cyd];
  const call = fc.record({
    by: fc.constantFrom(...people),
    method: fc.constantFrom('issue', 'transfer', 'transfer', 'transfer', 'burn'),
    asset: fc.constantFrom('gold', 'iron'),
    to: fc.constantFrom(...people),
    amount: fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: AMOUNT_MAX })),
  });
  type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

  it('conserve the supply, and agree with a plain ledger', () => {
    const history = (transactions: Call[][]) => {
      const world = market(false);
      world.call(bob, M, 'define', 'iron', 'Iron', 0);
      const plain = new PlainLedger();
      for (const calls of transactions) {
        const operations = calls.map(({ method, asset, to, amount: n }) =>
          method === 'burn' ? operation(method, asset, amount(n)) : operation(method, asset, id(to), amount(n)),
        );
        const by = (calls[0] as Call).by;
        const { outcome } = world.submit(by, operations);
        expect([outcome.code, outcome.failedOperation]).toEqual(plain.all(calls.map((c) => ({ ...c, by }))));
        for (const asset of ['gold', 'iron']) {
          const held = people.map((person) => balanceIn(world, asset, person.id));
          expect(held).toEqual(people.map((person) => plain.held(asset, person)));
          expect(held.reduce((sum, one) => sum + one)).toBe(assetIn(world, asset)?.supply);
        }
      }
      for (const { module, key, entry } of world.entries.values()) {
        if (module === M && key[0] === 0x62) expect(decodeBalance(entry.bytes)).toBeGreaterThan(0n);
      }
    };
    const transactions = fc.array(fc.array(call, { minLength: 1, maxLength: 3 }), { maxLength: 25, size: 'max' });
    fc.assert(fc.property(transactions, history), { numRuns: 60 });
  });

  class PlainLedger {
    balances = new Map<string, bigint>([[`gold ${ada.id}`, 100n]]);

    held(asset: string, person: Person): bigint {
      return this.balances.get(`${asset} ${person.id}`) ?? 0n;
    }

    all(calls: Call[]): [string, number | null] {
      const kept = new Map(this.balances);
      for (const [i, one] of calls.entries()) {
        const code = this.#one(one);
        if (code === 'OK') continue;
        this.balances = kept;
        return [code, i];
      }
      return ['OK', null];
    }

    #one({ by, method, asset, to, amount: n }: Call): string {
      const add = (person: Person, change: bigint) =>
        this.balances.set(`${asset} ${person.id}`, this.held(asset, person) + change);
      if (n === 0n) return 'AMOUNT_ZERO';
      if (method === 'issue') {
        if (!by.roles.includes('admin')) return 'ROLE_MISSING';
        if (by.organization !== (asset === 'gold' ? 'alpha' : 'beta')) return 'ORGANIZATION_FOREIGN';
        const supply = people.reduce((sum, person) => sum + this.held(asset, person), 0n);
        if (supply + n >= 2n ** 128n) return 'AMOUNT_TOO_LARGE';
        add(to, n);
        return 'OK';
      }
      if (this.held(asset, by) < n) return 'FUNDS_INSUFFICIENT';
      add(by, -n);
      if (method === 'transfer') add(to, n);
      return 'OK';
    }
  }
});
