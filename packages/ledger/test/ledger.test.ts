import { encodeCbor, fromHex, height, toHex, utf8Encode } from '@varve/encoding';
import { merkleRoot, verifyConsistency, verifyStateProof } from '@varve/merkle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certificateAt,
  certificateKey,
  checksummed,
  eventsAt,
  firstBlock,
  headerAt,
  headerKey,
  heightOfHash,
  INDEX_KEY,
  metaKey,
  pageKey,
  payloadAt,
  payloadKey,
  RECORD_KIND,
  receiptOf,
  STATE_HISTORY_HEIGHTS,
  stateAt,
  stateKey,
  stateProofAt,
  TIP_KEY,
  type TransactionView,
  transactionHashOf,
  transactionOf,
  transactionsAt,
} from '../src/chain.ts';
import {
  blockHashOf,
  chainIdOf,
  decodePayload,
  type Header,
  payloadIdOf,
  stateTreeKey,
  stateTreeValue,
  ZERO_HASH,
} from '../src/index.ts';
import { indexKey, undoKey } from '../src/records.ts';
import { Chain, genesis, initialized, load, MemoryStore, modules, operation, T0, transactionBytes } from './harness.ts';

const set = (key: string, value: number | string) => operation('set', key, value);
/** A chain of `blocks` blocks that set, delete, fail and schedule. */
function grown(blocks: number, certified = 0): Chain {
  const world = new Chain();
  for (let i = 1; i <= blocks; i++) {
    world.block(
      [
        transactionBytes([set(`k${i % 5}`, i), set('count', i)]),
        transactionBytes([operation('delete', `k${(i + 2) % 5}`)]),
        transactionBytes([set('never', i), operation('fail', 'NO')]),
        transactionBytes([operation('schedule', T0 + i + 1, 'x', 'set', `t${i}`, i), operation('emit', 'made', i)]),
      ],
      T0 + i,
    );
    if (i === certified) world.certify();
  }
  return world;
}

const facts = ({ ledger }: Chain) => ({
  tip: ledger.tip,
  final: ledger.finalHeight,
  applied: ledger.applied,
  history: toHex(ledger.history.root()),
  size: ledger.history.size,
  timers: [ledger.timers.size, ledger.timers.next()],
  trees: Array.from({ length: ledger.tip.header.height + 1 }, (_, at) => {
    // Below the final height trees are restored when somebody asks: state-history.test.ts.
    const tree = at < ledger.finalHeight ? undefined : ledger.treeAt(at);
    return tree && toHex(tree.root);
  }),
});

describe('a chain', () => {
  const world = grown(12, 7);
  const headers = Array.from({ length: 13 }, (_, at) => headerAt(world.ledger, at));

  it('links each block to its parent and to all before', () => {
    const hashes: Uint8Array[] = [];
    headers.forEach((sealed, at) => {
      const header = sealed?.header as Header;
      expect(header).toMatchObject({ height: at, chainId: chainIdOf(genesis), time: T0 + at });
      expect(header.parentHash).toBe(at === 0 ? toHex(ZERO_HASH) : headers[at - 1]?.hash);
      expect(toHex(header.historyRoot)).toBe(toHex(merkleRoot(hashes)));
      expect(sealed?.hash).toBe(blockHashOf(sealed?.bytes as Uint8Array));
      expect(heightOfHash(world.ledger, sealed?.hash as never)).toBe(at);
      hashes.push(fromHex(sealed?.hash as string));
      const path = world.ledger.history.consistency(at, 13);
      expect(verifyConsistency(merkleRoot(hashes.slice(0, at)), at, world.ledger.history.root(), 13, path)).toBe(true);
    });
    expect(headerAt(world.ledger, 13)).toBeUndefined();
    expect(heightOfHash(world.ledger, 'ab'.repeat(32) as never)).toBeUndefined();
  });

  it('starts from block 0 as FORMATS says', () => {
    const empty = merkleRoot([]);
    const zeros = toHex(ZERO_HASH);
    expect(headers[0]?.header).toMatchObject({
      parentHash: zeros,
      payloadHash: zeros,
      index: 0,
      epoch: { number: 0, node: '' },
      time: genesis.time,
      transactionsRoot: empty,
      historyRoot: empty,
      transactionCount: 0,
    });
    expect(headers[0]?.header.nextConfigurationHash).toBe(headers[0]?.header.configurationHash);
    expect(headers[0]?.hash).toBe(firstBlock(genesis, modules.values()).hash);
  });

  it('has the transactions root over its leaves', () => {
    for (let at = 1; at <= 12; at++) {
      const views = transactionsAt(world.ledger, at);
      const leaves = views.map((view) =>
        encodeCbor([
          fromHex(view.transaction.id),
          hashOfBytes(view.transaction.bytes),
          [view.outcome.code, view.outcome.failedOperation, hashOfBytes(view.results)],
        ]),
      );
      expect(views.map((view) => view.outcome.code)).toEqual(['OK', 'OK', 'NO', 'OK']);
      expect(toHex(headers[at]?.header.transactionsRoot as Uint8Array)).toBe(toHex(merkleRoot(leaves)));
    }
  });

  it('has the state root over its records, at every height that can be asked', () => {
    for (let at = 0; at <= 12; at++) {
      expect(toHex(world.ledger.treeAt(at)?.root as Uint8Array)).toBe(
        toHex(headers[at]?.header.stateRoot as Uint8Array),
      );
    }
    expect(world.ledger.treeAt(13)).toBeUndefined();
  });

  it('is the same after its store is opened again, also when everything is executed again', () => {
    const before = facts(world);
    expect(world.reopen()).toEqual({ damagedBlocks: new Set(), stateRebuilt: false });
    expect(facts(world)).toEqual(before);
    const records = new Map(world.store.records);
    expect(world.reopen({ rebuild: true })).toMatchObject({ stateRebuilt: true });
    expect(facts(world)).toEqual(before);
    expect(world.store.records).toEqual(records);
  });

  it('answers views', () => {
    const { ledger } = world;
    const [view] = transactionsAt(ledger, 5);
    const { transaction } = view as NonNullable<typeof view>;
    expect(transactionOf(ledger, transaction.id)).toEqual(view);
    expect(transactionHashOf(ledger, transaction.id)).toEqual(hashOfBytes(transaction.bytes));
    expect(transactionOf(ledger, 'ab'.repeat(32) as never)).toBeUndefined();
    expect(transactionHashOf(ledger, 'ab'.repeat(32) as never)).toBeUndefined();
    expect(payloadAt(ledger, 5)).toBeDefined();
    expect([payloadAt(ledger, 0), payloadAt(ledger, 13)]).toEqual([undefined, undefined]);
    expect(transactionsAt(ledger, 0)).toEqual([]);
    expect(transactionsAt(ledger, 13)).toEqual([]);
    expect(eventsAt(ledger, 13)).toEqual([]);
    expect(
      eventsAt(ledger, 5).map(({ position, events }) => [position, events.map((e) => [e.topic, e.value])]),
    ).toEqual([
      [0, [['fired', ['set', 't4', 4]]]],
      [1, []],
      [2, []],
      [3, []],
      [4, [['made', 5]]],
    ]);
    expect([certificateAt(ledger, 7)?.height, certificateAt(ledger, 8)]).toEqual([7, undefined]);
  });
});

describe('state below the tip', () => {
  it('is read and proven at the final height, presence and absence', () => {
    const world = grown(12, 7);
    for (const key of ['k0', 'k1', 'k2', 'k3', 'k4', 'count', 't6', 't7', 'nothing']) {
      const at7 = grown(7).ledger.get('notes', utf8Encode(key));
      const entry = stateAt(world.ledger, 'notes', utf8Encode(key), 7);
      // The two chains differ in nonces only, which the state does not show.
      expect(entry).toEqual(at7);
      const proof = stateProofAt(world.ledger, 'notes', utf8Encode(key), 7);
      const root = headerAt(world.ledger, 7)?.header.stateRoot as Uint8Array;
      const verdict = verifyStateProof(root, stateTreeKey('notes', utf8Encode(key)), proof as never);
      expect(verdict).toEqual({ ok: true, value: entry && stateTreeValue(entry) });
    }
    expect(stateAt(world.ledger, 'notes', utf8Encode('t7'), 7)).toBeUndefined();
    expect(world.note('t7')).toEqual(['7', 0]);
    expect(stateProofAt(world.ledger, 'notes', utf8Encode('count'), 13)).toBeUndefined();
  });

  it('agrees with plain copies of the state over random histories', () => {
    const change = fc.tuple(
      fc.constantFrom('set', 'delete'),
      fc.constantFrom('a', 'b', 'c'),
      fc.integer({ min: 0, max: 3 }),
    );
    const history = (blocks: [string, string, number][][], finalAt: number, again: boolean) => {
      const world = new Chain();
      const copies: Map<string, number>[] = [new Map()];
      for (const [i, changes] of blocks.entries()) {
        const copy = new Map(copies.at(-1));
        for (const [method, key, value] of changes) {
          if (method === 'set') copy.set(key, value);
          else copy.delete(key);
        }
        copies.push(copy);
        const { sealed } = world.block([
          transactionBytes(changes.map(([method, key, value]) => operation(method, key, value))),
        ]);
        if (i === finalAt) world.certify(sealed);
      }
      if (again) world.reopen();
      while (!world.ledger.restoreTree(0, 1));
      for (const [at, copy] of copies.entries()) {
        for (const key of ['a', 'b', 'c']) {
          const entry = stateAt(world.ledger, 'notes', utf8Encode(key), at);
          const value = copy.get(key);
          expect(entry && new TextDecoder().decode(entry.bytes)).toBe(value === undefined ? undefined : String(value));
          const proof = stateProofAt(world.ledger, 'notes', utf8Encode(key), at);
          const root = headerAt(world.ledger, at)?.header.stateRoot as Uint8Array;
          expect(verifyStateProof(root, stateTreeKey('notes', utf8Encode(key)), proof as never)).toEqual({
            ok: true,
            value: entry && stateTreeValue(entry),
          });
        }
      }
    };
    const blocks = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(blocks, fc.nat({ max: 5 }), fc.boolean(), history), { numRuns: 25 });
  });

  it('keeps undo records down to 256 heights below the final one', () => {
    const world = new Chain();
    for (let i = 1; i <= STATE_HISTORY_HEIGHTS + 4; i++) world.block([transactionBytes([set('a', i)])]);
    world.certify();
    const kept = (at: number) => world.store.get(undoKey(at)) !== undefined;
    expect([kept(3), kept(4), kept(260)]).toEqual([false, true, true]);
    expect(stateAt(world.ledger, 'notes', utf8Encode('a'), 3)).toMatchObject({ modifiedHeight: 3 });
    const unavailable = expect.objectContaining({ code: 'STATE_UNAVAILABLE' });
    expect(() => stateAt(world.ledger, 'notes', utf8Encode('a'), 2)).toThrow(unavailable);
    expect(() => stateAt(world.ledger, 'notes', utf8Encode('a'), 261)).toThrow(unavailable);
  });
});

describe('finality', () => {
  it('rises with certificates, never falls, and keeps certificates of lower blocks', () => {
    const world = grown(5);
    world.certify(headerAt(world.ledger, 4));
    expect(world.ledger.finalHeight).toBe(4);
    world.certify(headerAt(world.ledger, 2));
    expect(world.ledger.finalHeight).toBe(4);
    expect(certificateAt(world.ledger, 2)?.height).toBe(2);
    world.reopen();
    expect(world.ledger.finalHeight).toBe(4);
    const above = { ...world.certify(), height: height(9) };
    expect(() => world.ledger.certify(above)).toThrow('only executed blocks are certified');
  });

  it('is what receipts wait for', () => {
    const world = grown(3, 2);
    const id = (at: number) => (transactionsAt(world.ledger, at)[0] as TransactionView).transaction.id;
    expect(receiptOf(world.ledger, id(1))?.later?.header.header.height).toBe(2);
    expect(receiptOf(world.ledger, id(2))?.later).toBeNull();
    expect(receiptOf(world.ledger, id(3))).toBeUndefined();
    expect(receiptOf(world.ledger, 'ab'.repeat(32) as never)).toBeUndefined();
  });
});

describe('the engine’s place', () => {
  it('moves with entries that have no payload', () => {
    const world = grown(1);
    world.ledger.advance(5);
    world.flush();
    world.reopen();
    expect(world.ledger.applied).toBe(5);
    expect(() => world.ledger.advance(5)).toThrow('entries are passed in order');
    expect(world.block([transactionBytes([set('a', 1)])]).sealed.header.index).toBe(6);
  });
});

describe('a store', () => {
  const refused = (store: MemoryStore, code: string, options = {}) =>
    expect(() => load(store, options)).toThrow(expect.objectContaining({ name: 'StoreError', code }));

  it('that was never initialized is refused', () => {
    refused(new MemoryStore(), 'STORE_UNINITIALIZED');
  });

  it('of another chain is refused; without a configured genesis its own is taken', () => {
    const other = { ...genesis, title: 'Other' };
    refused(initialized(), 'STORE_FOREIGN', { expected: other });
    expect(load(initialized(), { expected: undefined }).ledger.chainId).toBe(chainIdOf(genesis));
  });

  it('of another format is refused', () => {
    const store = initialized();
    for (const format of [[0], [3], [1, 1], []]) {
      store.write([{ key: metaKey('format'), value: checksummed(metaKey('format'), Uint8Array.from(format)) }]);
      refused(store, 'STORE_FOREIGN');
    }
  });

  describe('of the format before, with a record for each transaction', () => {
    const place = Uint8Array.of(...new Uint8Array(7), 1, 0, 0, 0, 0);
    const keyOf = (id: string) => Uint8Array.of(RECORD_KIND.transaction, ...fromHex(id));

    function before(): { world: Chain; views: TransactionView[]; records: Map<string, Uint8Array> } {
      const world = grown(6, 3);
      const records = new Map(world.store.records);
      const views = [...Array(7).keys()].flatMap((at) => transactionsAt(world.ledger, at));
      const index = [...records.keys()].filter((key) => key.startsWith('4c')).map(fromHex);
      expect(index.length).toBeGreaterThan(5);
      world.store.write([
        { key: metaKey('format'), value: checksummed(metaKey('format'), Uint8Array.of(1)) },
        ...index.map((key) => ({ key, value: undefined })),
        ...views.map(({ transaction: { id } }) => ({ key: keyOf(id), value: checksummed(keyOf(id), place) })),
      ]);
      return { world, views, records };
    }

    it('gets its index from the outcomes of its blocks, whatever else is damaged', () => {
      const { world, views, records } = before();
      const known = facts(world);
      expect(world.reopen()).toEqual({ damagedBlocks: new Set(), stateRebuilt: false });
      expect(facts(world)).toEqual(known);
      expect(world.store.records).toEqual(records);
      for (const { transaction, height, leafIndex } of views)
        expect(world.ledger.place(transaction.id)).toEqual({ height, leafIndex });
      const other = before().world;
      other.store.damage(payloadKey(headerAt(other.ledger, 4)?.header.payloadHash as never));
      other.store.damage(headerKey(2));
      expect(other.reopen()).toEqual({ damagedBlocks: new Set([2]), stateRebuilt: false });
    });

    it('is made anew from its blocks where the outcomes of one are damaged', () => {
      for (const at of [1, 4, 6]) {
        const { world, records } = before();
        world.store.damage(indexKey(at));
        expect(world.reopen()).toMatchObject({ stateRebuilt: true });
        expect(world.store.records).toEqual(records);
        expect(world.reopen()).toMatchObject({ stateRebuilt: false });
      }
    });

    it('is what it was where the batch that converts it is never written', () => {
      const { world } = before();
      const records = new Map(world.store.records);
      world.load();
      expect(world.store.records).toEqual(records);
      expect(world.reopen()).toMatchObject({ stateRebuilt: false });
    });
  });

  it('whose index of transactions cannot be opened makes it anew from its blocks', () => {
    // Pages that a start reads: the first of each segment, and all of the window.
    for (const key of [INDEX_KEY, indexKey(7), pageKey(0, 5, 0), pageKey(0, 5, 3), pageKey(1, 0, 0)]) {
      const world = grown(6, 3);
      world.block([transactionBytes([set('k1', 7)])], T0 + 7);
      const before = facts(world);
      const records = new Map(world.store.records);
      world.store.damage(key);
      expect(world.reopen(), toHex(key)).toMatchObject({ stateRebuilt: true });
      expect(facts(world)).toEqual(before);
      expect(world.store.records).toEqual(records);
    }
  });

  it.each([
    ['tip', TIP_KEY],
    ['genesis', metaKey('genesis')],
  ])('with a damaged or lost %s record is refused', (_, key) => {
    const damaged = grown(6, 3).store;
    damaged.damage(key);
    refused(damaged, 'STORE_DAMAGED');
    const lost = grown(6, 3).store;
    lost.write([{ key, value: undefined }]);
    refused(lost, 'STORE_DAMAGED');
  });

  it('with the first header damaged or lost makes it anew from the genesis document', () => {
    for (const how of ['damage', 'lose'] as const) {
      const world = grown(6, 3);
      const before = facts(world);
      const first = headerAt(world.ledger, 0)?.bytes;
      if (how === 'damage') world.store.damage(headerKey(0));
      else world.store.write([{ key: headerKey(0), value: undefined }]);
      expect(world.reopen()).toEqual({ damagedBlocks: new Set(), stateRebuilt: false });
      expect(headerAt(world.ledger, 0)?.bytes).toEqual(first);
      expect(facts(world)).toEqual(before);
    }
  });

  it.each([1, 3, 5])('with the header of height %i damaged reports it and goes on', (at) => {
    const world = grown(6, 3);
    const before = facts(world);
    world.store.damage(headerKey(at));
    expect(world.reopen()).toEqual({ damagedBlocks: new Set([at]), stateRebuilt: false });
    expect(facts(world)).toEqual(before);
  });

  it('with another chain’s header in the middle reports it', () => {
    const world = grown(6, 3);
    const stranger = headerAt(grown(4).ledger, 4)?.bytes as Uint8Array;
    world.store.write([{ key: headerKey(4), value: checksummed(headerKey(4), stranger) }]);
    const before = toHex(world.ledger.history.root());
    expect(world.reopen().damagedBlocks).toEqual(new Set([4]));
    expect(toHex(world.ledger.history.root())).toBe(before);
  });

  const damage = (key: Uint8Array) => (world: Chain) => world.store.damage(key);
  const lose = (key: Uint8Array) => (world: Chain) => world.store.write([{ key, value: undefined }]);
  const count = stateKey('notes', utf8Encode('count'));
  const payloadOf = (world: Chain, at: number) => payloadKey(headerAt(world.ledger, at)?.header.payloadHash as never);

  it.each([
    ['two headers in a row', 3, [damage(headerKey(3)), damage(headerKey(4))]],
    ['two headers in a row, and one below', 2, [headerKey(4), headerKey(5), headerKey(2)].map(damage)],
    ['the header of the tip', 6, [damage(headerKey(6))]],
    ['a header that is not there at all', 3, [lose(headerKey(3))]],
    ['the first header but one', 1, [lose(headerKey(1))]],
    ['a value and a header', 2, [damage(count), damage(headerKey(2))]],
    ['a value and a payload', 4, [damage(count), (world: Chain) => world.store.damage(payloadOf(world, 4))]],
    ['a value and the first block', 1, [damage(count), damage(headerKey(1))]],
  ])('without %s goes on from the last block before', (_, lostFrom, spoils) => {
    const world = grown(6, 3);
    const known = [...Array(7).keys()].map((at) => headerAt(world.ledger, at)?.hash);
    const below = [...Array(lostFrom).keys()].map((at) => transactionsAt(world.ledger, at));
    const gone = transactionsAt(world.ledger, lostFrom).map(({ transaction }) => transaction.id);
    const blocks = [...Array(7).keys()].flatMap((at) => {
      const payload = payloadAt(world.ledger, at);
      return at < lostFrom || payload === undefined ? [] : [payload];
    });
    for (const spoil of spoils) spoil(world);
    expect(world.reopen()).toEqual({ damagedBlocks: new Set(), stateRebuilt: true, lostFrom });
    const { ledger } = world;
    expect(ledger.tip).toMatchObject({ hash: known[lostFrom - 1], header: { height: lostFrom - 1 } });
    expect(ledger.finalHeight).toBe(Math.min(3, lostFrom - 1));
    expect([...Array(lostFrom).keys()].map((at) => transactionsAt(ledger, at))).toEqual(below);
    for (const id of gone) expect(ledger.place(id)).toBeUndefined();
    expect(headerAt(ledger, lostFrom)).toBeUndefined();
    expect(world.store.records.has(toHex(headerKey(lostFrom + 1)))).toBe(false);
    expect(world.reopen()).toEqual({ damagedBlocks: new Set(), stateRebuilt: false, lostFrom: undefined });
    for (const bytes of blocks) {
      const { index, epoch, ...content } = decodePayload(bytes);
      const execution = world.ledger.begin({ index, epoch, ...content }, () => true);
      execution.run(Number.MAX_SAFE_INTEGER);
      world.ledger.finish(execution, { index, epoch, payload: payloadIdOf(bytes), bytes });
      world.flush();
    }
    expect(world.ledger.tip.hash).toBe(known[6]);
  });

  it.each([
    ['damaged', (store: MemoryStore) => store.damage(stateKey('notes', utf8Encode('count')))],
    ['lost', (store: MemoryStore) => store.write([{ key: stateKey('notes', utf8Encode('count')), value: undefined }])],
    [
      'forged',
      (store: MemoryStore) => {
        const key = stateKey('notes', utf8Encode('count'));
        store.write([{ key, value: checksummed(key, encodeCbor([11, 12, utf8Encode('99')])) }]);
      },
    ],
    [
      'invented',
      (store: MemoryStore) => {
        const key = stateKey('notes', utf8Encode('invented'));
        store.write([{ key, value: checksummed(key, encodeCbor([0, 1, utf8Encode('x')])) }]);
      },
    ],
    ['undo', (store: MemoryStore) => store.damage(undoKey(6))],
  ])('with a %s state record executes everything again', (_, spoil) => {
    const world = grown(6, 3);
    const before = facts(world);
    const records = new Map(world.store.records);
    spoil(world.store);
    expect(world.reopen()).toEqual({ damagedBlocks: new Set(), stateRebuilt: true });
    expect(facts(world)).toMatchObject({ ...before, trees: before.trees });
    expect(world.store.records).toEqual(records);
    expect(world.reopen().stateRebuilt).toBe(false);
  });

  it.each([
    ['index', () => indexKey(2)],
    ['payload', (world: Chain) => payloadKey(headerAt(world.ledger, 2)?.header.payloadHash as never)],
  ])('a block whose %s is gone is damaged, not empty', (_, key) => {
    const world = grown(3, 3);
    const [first] = transactionsAt(world.ledger, 2) as [TransactionView];
    world.store.records.delete(toHex(key(world)));
    world.reopen();
    for (const read of [() => transactionsAt(world.ledger, 2), () => transactionOf(world.ledger, first.transaction.id)])
      expect(read).toThrow(expect.objectContaining({ code: 'RECORD_DAMAGED' }));
    expect(transactionsAt(world.ledger, 3)).not.toEqual([]);
  });

  it('serves blocks whose certificate is damaged without it', () => {
    const world = grown(3, 3);
    world.store.damage(certificateKey(3));
    world.reopen();
    expect(() => certificateAt(world.ledger, 3)).toThrow(expect.objectContaining({ code: 'RECORD_DAMAGED' }));
    expect(headerAt(world.ledger, 3)).toBeDefined();
  });
});

it('two chains given the same payloads are the same, bit for bit', () => {
  const payloads = Array.from({ length: 4 }, (_, i) => [
    transactionBytes([set('a', i)]),
    transactionBytes([set('b', i)]),
  ]);
  const [one, two] = [new Chain(), new Chain()];
  for (const items of payloads) one.block(items);
  for (const items of payloads) two.block(items);
  expect(two.store.records).toEqual(one.store.records);
});

function hashOfBytes(bytes: Uint8Array): Uint8Array {
  return fromHex(blockHashOf(bytes));
}
