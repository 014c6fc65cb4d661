import { encodeCbor, utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { type ExecutionEnvironment, type ExecutionPoint, SKIP_CODES, skipCode } from '../src/chain.ts';
import { decodeLeaf, decodeResults, decodeTransaction, PARAMETERS_DEFAULT, type Transaction } from '../src/index.ts';
import {
  accountIdOf,
  accounts,
  bob,
  Chain,
  chain,
  genesis,
  modules,
  operation,
  T0,
  transactionBytes,
} from './harness.ts';

const OTHER_CHAIN = 'ff'.repeat(32) as typeof chain;

describe('skip rules', () => {
  /** The code of a payload of one item on a fresh chain, whose block would have time T0. */
  const skipped = (bytes: Uint8Array, world = new Chain()) => {
    const { execution, block } = world.run([bytes]);
    expect(block).toBeUndefined();
    expect(execution.executed).toEqual([]);
    return execution.skipped.map((one) => one.code);
  };
  const badlySigned = (bytes: Uint8Array) => bytes.with(bytes.length - 40, (bytes.at(-40) as number) ^ 1);

  it.each([
    ['TRANSACTION_MALFORMED', Uint8Array.of(0xd2)],
    ['TRANSACTION_MALFORMED', new Uint8Array()],
    ['TRANSACTION_TOO_LARGE', transactionBytes([operation('set', 'a', new Uint8Array(65_536))])],
    ['TRANSACTION_TOO_LARGE', transactionBytes(new Array(65).fill(operation('set', 'a', 1)))],
    ['CHAIN_MISMATCH', transactionBytes([operation('set', 'a', 1)], { chainId: OTHER_CHAIN })],
    ['TRANSACTION_EXPIRED', transactionBytes([operation('set', 'a', 1)], { validUntil: T0 - 1 })],
    ['VALIDITY_TOO_LONG', transactionBytes([operation('set', 'a', 1)], { validUntil: T0 + 600_001 })],
    ['KEY_INACTIVE', transactionBytes([operation('set', 'a', 1)], { account: accountIdOf(bob.publicKey) })],
    ['SIGNATURE_INVALID', badlySigned(transactionBytes([operation('set', 'a', 1)]))],
  ])('skip with %s', (code, bytes) => {
    expect(skipped(bytes)).toEqual([code]);
  });

  it.each([['of exactly 65,536 bytes', (n: number) => transactionBytes([operation('return', 1, new Uint8Array(n))])]])(
    'take a transaction %s',
    (_, make) => {
      const overhead = make(60_000).length - 60_000;
      expect(make(65_536 - overhead).length).toBe(65_536);
      expect(new Chain().block([make(65_536 - overhead)]).execution.executed).toHaveLength(1);
      expect(skipped(make(65_537 - overhead))).toEqual(['TRANSACTION_TOO_LARGE']);
    },
  );

  it('take 64 operations and both ends of the validity', () => {
    const many = transactionBytes(new Array(64).fill(operation('set', 'a', 1)));
    const ends = [0, 600_000].map((ms) => transactionBytes([operation('set', 'b', 1)], { validUntil: T0 + ms }));
    const { execution } = new Chain().block([many, ...ends]);
    expect(execution.executed.map((one) => one.outcome.code)).toEqual(['OK', 'OK', 'OK']);
  });

  it('are tried in the order of SKIP_CODES', () => {
    // A transaction that breaks every rule at once is mended from the front, one rule after another.
    const point = { height: 1 as ExecutionPoint['height'], time: T0 };
    const state = new Chain().ledger;
    const environment = (broken: ReadonlySet<string>): ExecutionEnvironment => ({
      chain: {
        chainId: broken.has('CHAIN_MISMATCH') ? OTHER_CHAIN : chain,
        configuration: {
          ...genesis.configuration,
          parameters: {
            ...PARAMETERS_DEFAULT,
            transactionBytesMax: broken.has('TRANSACTION_TOO_LARGE') ? 1 : 65_536,
            validityMs: broken.has('VALIDITY_TOO_LONG') ? -1e9 : 600_000,
          },
        },
        organizations: [],
        isBlock: () => false,
      },
      modules: new Map(),
      accounts: broken.has('KEY_INACTIVE') ? { module: 'accounts', sender: () => undefined } : accounts,
      isKnown: () => broken.has('TRANSACTION_KNOWN'),
      isSigned: () => !broken.has('SIGNATURE_INVALID'),
    });
    const transaction = (broken: ReadonlySet<string>): Transaction =>
      decodeTransaction(
        transactionBytes([operation('set', 'a', 1)], { validUntil: broken.has('TRANSACTION_EXPIRED') ? T0 - 1 : T0 }),
      );
    for (let mended = 1; mended < SKIP_CODES.length; mended++) {
      const broken = new Set<string>(SKIP_CODES.slice(mended));
      expect(skipCode(transaction(broken), point, state, environment(broken))).toBe(SKIP_CODES[mended]);
    }
    const none = new Set<string>();
    expect(skipCode(transaction(none), point, state, environment(none))).toMatchObject({ organization: 'alpha' });
  });

  it('leave nothing: no leaf, no block, only the applied index moves', () => {
    const world = new Chain();
    const before = world.ledger.tip.hash;
    skipped(Uint8Array.of(1), world);
    skipped(transactionBytes([operation('set', 'a', 1)], { validUntil: 0 }), world);
    expect([world.ledger.applied, world.ledger.tip.header.height, world.ledger.tip.hash]).toEqual([2, 0, before]);
    world.reopen();
    expect(world.ledger.applied).toBe(2);
    const { sealed } = world.block([transactionBytes([operation('set', 'a', 1)])]);
    expect([sealed.header.height, sealed.header.index]).toEqual([1, 3]);
  });

  it('see keys as the transactions before left them', () => {
    const world = new Chain();
    const { execution } = world.block([
      transactionBytes([operation('deactivate', bob.publicKey)]),
      transactionBytes([operation('set', 'a', 1)], { signer: bob }),
    ]);
    expect(execution.skipped).toMatchObject([{ payloadIndex: 1, code: 'KEY_INACTIVE' }]);
    expect(world.note('a')).toBeUndefined();
  });
});

describe('the replay window', () => {
  const once = (validUntil: number) => transactionBytes([operation('set', 'a', 1)], { validUntil });
  const codes = ({ execution }: ReturnType<Chain['run']>) => execution.skipped.map((one) => one.code);

  it('holds the same payload', () => {
    const bytes = once(T0);
    const { execution } = new Chain().block([bytes, bytes]);
    expect(execution.executed).toHaveLength(1);
    expect(execution.skipped).toMatchObject([{ payloadIndex: 1, code: 'TRANSACTION_KNOWN' }]);
  });

  it('holds blocks of up to 600,000 ms ago; after that the validity has ended', () => {
    const world = new Chain();
    const bytes = once(T0 + 600_000);
    world.block([bytes]);
    expect(codes(world.run([bytes], T0 + 600_000))).toEqual(['TRANSACTION_KNOWN']);
    expect(codes(world.run([bytes], T0 + 600_001))).toEqual(['TRANSACTION_EXPIRED']);
  });

  it('holds after a restart, and for a transaction that failed', () => {
    const world = new Chain();
    const bytes = transactionBytes([operation('fail', 'NO')], { validUntil: T0 + 10 });
    world.block([bytes]);
    world.reopen();
    expect(codes(world.run([bytes]))).toEqual(['TRANSACTION_KNOWN']);
  });

  it('knows ids, not bytes: another signature is the same transaction', () => {
    const world = new Chain();
    const bytes = once(T0);
    world.block([bytes]);
    expect(codes(world.run([bytes.with(bytes.length - 1, 0)]))).toEqual(['TRANSACTION_KNOWN']);
  });

  it('forgets nothing of a skipped transaction: it may come again', () => {
    const world = new Chain();
    const early = once(T0 + 600_001);
    expect(codes(world.run([early]))).toEqual(['VALIDITY_TOO_LONG']);
    expect(world.block([early], T0 + 1).execution.executed).toHaveLength(1);
  });
});

describe('a transaction', () => {
  it('returns values and events in its results, which the leaf covers', () => {
    const done = new Chain().outcome([operation('set', 'a', 1), operation('emit', 'told', [1, 'x'])]);
    expect(done.outcome).toMatchObject({ code: 'OK', failedOperation: null });
    expect(decodeResults(done.results)).toEqual({
      values: [0, null],
      events: [{ module: 'notes', topic: 'told', value: [1, 'x'] }],
    });
    expect(decodeLeaf(done.leaf)).toMatchObject({ id: done.id, outcome: done.outcome });
  });

  it.each([
    ['OPERATION_UNKNOWN', { module: 'nowhere', method: 'set', arguments: [] }],
    ['OPERATION_UNKNOWN', { module: 'timers', method: 'set', arguments: [] }],
    ['OPERATION_UNKNOWN', operation('no-such-method')],
    ['CUSTOM', operation('fail', 'CUSTOM')],
    ['KEY_TOO_LONG', operation('set', 'k'.repeat(513), 1)],
    ['VALUE_TOO_LONG', operation('set', 'k', 'v'.repeat(32_769))],
    ['RESULT_TOO_LARGE', operation('return', new Uint8Array(32_790))],
    ['RESULT_TOO_LARGE', operation('emit', 'big', new Uint8Array(32_790))],
  ])('that fails with %s leaves nothing but its leaf', (code, failing) => {
    const world = new Chain();
    world.outcome([operation('set', 'a', 'old')]);
    const before = world.ledger.tip.header.stateRoot;
    const done = world.outcome([
      operation('set', 'a', 'new'),
      operation('delete', 'a'),
      operation('set', 'b', 1),
      operation('emit', 'told', 1),
      operation('schedule', T0 + 5, 'x', 'set', 'c', 1),
      failing,
      operation('set', 'd', 1),
    ]);
    expect(done.outcome).toMatchObject({ code, failedOperation: 5 });
    expect(done.results).toEqual(encodeCbor([[], []]));
    expect(world.ledger.tip.header).toMatchObject({ stateRoot: before, transactionCount: 1, height: 2 });
    expect(world.note('a')).toEqual(['old', 0]);
    expect(world.ledger.timers.size).toBe(0);
  });

  it('stands on what the transactions before it in the block did', () => {
    const world = new Chain();
    const { execution } = world.block([
      transactionBytes([operation('set', 'a', 1)]),
      transactionBytes([operation('set', 'a', 2), operation('fail', 'NO')]),
      transactionBytes([operation('set', 'a', 3)]),
    ]);
    expect(execution.executed.map((one) => decodeResults(one.results).values)).toEqual([[0], [], [1]]);
    expect(world.note('a')).toEqual(['3', 1]);
  });

  it('is executed in slices with the same result', () => {
    const items = Array.from({ length: 7 }, (_, i) => transactionBytes([operation('set', `k${i % 3}`, i)]));
    const [whole, sliced] = [new Chain(), new Chain()];
    const { sealed } = whole.block(items);
    const execution = sliced.ledger.begin({ index: 1, epoch: sliced.epoch, time: T0, transactions: items }, () => true);
    expect([3, 3, 3].map((n) => execution.run(n))).toEqual([false, false, true]);
    const payload = sealed.header.payloadHash;
    expect(sliced.ledger.finish(execution, { index: 1, epoch: sliced.epoch, payload })?.sealed.hash).toBe(sealed.hash);
  });

  it('stops the node, and is not undone, when a module is broken', () => {
    expect(() => new Chain().outcome([operation('break')])).toThrow('a broken module');
  });
});

describe('state versions', () => {
  it('start at 0, rise by 1 with each change, and start again after a deletion', () => {
    const world = new Chain();
    world.outcome([operation('set', 'a', 'x')]);
    expect(world.ledger.get('notes', utf8Encode('a'))).toMatchObject({ version: 0, modifiedHeight: 1 });
    world.outcome([operation('set', 'a', 'x'), operation('set', 'a', 'x')]);
    expect(world.ledger.get('notes', utf8Encode('a'))).toMatchObject({ version: 2, modifiedHeight: 2 });
    world.outcome([operation('delete', 'a')]);
    expect(world.note('a')).toBeUndefined();
    world.outcome([operation('set', 'a', 'x')]);
    expect(world.ledger.get('notes', utf8Encode('a'))).toMatchObject({ version: 0, modifiedHeight: 4 });
    world.outcome([operation('set', 'a', 'x'), operation('delete', 'a'), operation('set', 'a', 'y')]);
    expect(world.note('a')).toEqual(['y', 0]);
  });

  it('are in the state root: the same bytes at another version give another', () => {
    const [one, two] = [new Chain(), new Chain()];
    one.outcome([operation('set', 'a', 'x')]);
    two.outcome([operation('set', 'a', 'x'), operation('set', 'a', 'x')]);
    expect(one.ledger.tip.header.stateRoot).not.toEqual(two.ledger.tip.header.stateRoot);
  });

  it('of a key made and deleted at once leave the root as it was', () => {
    const world = new Chain();
    const before = world.ledger.treeAt(0)?.root;
    world.outcome([operation('set', 'a', 'x'), operation('delete', 'a')]);
    expect(world.ledger.tip.header.stateRoot).toEqual(before);
  });
});

describe('block time', () => {
  it('is never below the parent’s', () => {
    const world = new Chain();
    const made = [T0 + 50, T0 + 20, T0 + 60].map((time) =>
      world.block([transactionBytes([operation('set', 'a', 1)])], time),
    );
    expect(made.map(({ sealed }) => sealed.header.time - T0)).toEqual([50, 50, 60]);
  });

  it('of the first block of a configuration is at least its timeFloor', () => {
    const { configuration } = genesis;
    const parameters = { ...configuration.parameters, timeFloor: T0 + 1000 };
    const floored = { ...genesis, configuration: { ...configuration, parameters } };
    const world = new Chain({ genesis: floored, modules, accounts });
    const { chainId } = world.ledger;
    const at = (validUntil: number) => transactionBytes([operation('set', 'a', 1)], { chainId, validUntil });
    expect(world.block([at(T0 + 1000)]).sealed.header.time).toBe(T0 + 1000);
    expect(world.ledger.blockTime(0)).toBe(T0 + 1000);
  });
});
