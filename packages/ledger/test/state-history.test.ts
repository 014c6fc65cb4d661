import { sha256Parts } from '@varve/crypto';
import { encodeCbor, toHex, utf8Encode } from '@varve/encoding';
import { StateTree, verifyStateProof } from '@varve/merkle';
import { describe, expect, it } from 'vitest';
import { headerAt, STATE_HISTORY_HEIGHTS, stateAt, stateProofAt } from '../src/chain.ts';
import { stateTreeKey, stateTreeValue } from '../src/index.ts';
import { headerKey, undoKey } from '../src/records.ts';
import { StateHistory } from '../src/state-history.ts';
import { checksummed } from '../src/store.ts';
import { Chain, type MemoryStore, operation, T0, transactionBytes } from './harness.ts';

const unavailable = expect.objectContaining({ code: 'STATE_UNAVAILABLE' });
const NAMES = ['k0', 'k1', 'k2', 'k3', 'k4', 'never'];

/** A chain whose blocks set one key, and delete another; certified up to `final`. */
function grown(blocks: number, final: number): Chain {
  const world = new Chain();
  for (let i = 1; i <= blocks; i++) {
    const operations = [operation('set', `k${i % 5}`, i), operation('delete', `k${(i + 2) % 5}`)];
    world.block([transactionBytes(operations, { validUntil: T0 + i + 1000 })], T0 + i);
    if (i === final) world.certify();
  }
  return world;
}

/** The tree of `at` has the header's root, and proves exactly the values that undo records tell of. */
function checkHeight({ ledger }: Chain, at: number): void {
  const root = headerAt(ledger, at)?.header.stateRoot as Uint8Array;
  expect(toHex(ledger.treeAt(at)?.root ?? new Uint8Array())).toBe(toHex(root));
  for (const name of NAMES) {
    const key = utf8Encode(name);
    const entry = stateAt(ledger, 'notes', key, at);
    const proof = stateProofAt(ledger, 'notes', key, at);
    expect(proof && verifyStateProof(root, stateTreeKey('notes', key), proof)).toEqual({
      ok: true,
      value: entry && stateTreeValue(entry),
    });
  }
}

const restoreAll = ({ ledger }: Chain, at: number, keysMax = Number.POSITIVE_INFINITY): number => {
  let calls = 1;
  while (!ledger.restoreTree(at, keysMax)) calls += 1;
  return calls;
};

describe('earlier states', () => {
  it('are proven at every height from 256 below the final one to the tip, and no further', () => {
    const world = grown(STATE_HISTORY_HEIGHTS + 12, STATE_HISTORY_HEIGHTS + 9);
    for (const at of [9, 10, 77, 200, 265, 268]) {
      expect(world.ledger.restoreTree(at, 0)).toBe(true);
      checkHeight(world, at);
    }
    expect(world.ledger.treeAt(8)).toBeUndefined();
    expect(() => world.ledger.restoreTree(8, 1)).toThrow(unavailable);
    expect(() => world.ledger.restoreTree(269, 1)).toThrow(unavailable);
  });

  it('of before the start are restored from undo records, in slices, and expire as the others do', () => {
    const world = grown(30, 25);
    world.reopen();
    expect(world.ledger.treeAt(24)).toBeUndefined();
    checkHeight(world, 25);
    expect(restoreAll(world, 20, 3)).toBeGreaterThan(2);
    for (let at = 20; at <= 30; at++) checkHeight(world, at);
    expect(world.ledger.treeAt(19)).toBeUndefined();
    restoreAll(world, 0);
    for (let at = 0; at <= 30; at++) checkHeight(world, at);
    for (let i = 1; i <= STATE_HISTORY_HEIGHTS; i++) world.block([transactionBytes([operation('set', 'k1', i)])]);
    checkHeight(world, 0);
    world.certify();
    expect(world.ledger.treeAt(29)).toBeUndefined();
    for (const at of [30, 31, 286]) checkHeight(world, at);
  });

  it('are there after everything was executed again', () => {
    const world = grown(12, 4);
    world.reopen({ rebuild: true });
    for (let at = 0; at <= 12; at++) {
      restoreAll(world, at);
      checkHeight(world, at);
    }
  });

  it.each<[string, (store: MemoryStore) => void]>([
    ['is damaged', (store) => store.damage(undoKey(8))],
    ['is gone', (store) => void store.records.delete(toHex(undoKey(8)))],
    [
      'tells of other values',
      (store) =>
        store.write([
          { key: undoKey(8), value: checksummed(undoKey(8), encodeCbor([['notes', utf8Encode('k4'), null]])) },
        ]),
    ],
  ])('below a block whose undo record %s are unavailable; those above are not', (_, spoil) => {
    const world = grown(12, 10);
    spoil(world.store);
    expect(world.reopen().stateRebuilt).toBe(false);
    for (let time = 0; time < 2; time++) expect(() => world.ledger.restoreTree(7, 100)).toThrow(unavailable);
    for (const at of [8, 9, 10]) checkHeight(world, at);
    expect(world.ledger.treeAt(7)).toBeUndefined();
  });

  it('do not suffer from a damaged header, which peers give again', () => {
    const world = grown(12, 10);
    world.store.damage(headerKey(8));
    world.reopen();
    restoreAll(world, 3);
    for (const at of [3, 7, 9]) checkHeight(world, at);
  });
});

describe('StateHistory', () => {
  const treeOf = (blocks: number): StateTree => {
    const tree = new StateTree();
    for (let at = 0; at <= blocks; at++) {
      const key = sha256Parts(Uint8Array.of(at % 7));
      tree.update(at, [{ key, value: sha256Parts(Uint8Array.of(at, at >> 8)) }]);
    }
    return tree;
  };

  it('gives up heights below the final one, the oldest first, where too many nodes are kept for them', () => {
    const tree = treeOf(40);
    const history = new StateHistory(tree, new Chain().ledger.records, 30);
    expect(tree.supersededCount).toBeGreaterThan(60);
    history.trim(10);
    // Whatever they cost, those above are needed.
    expect(tree.oldest).toBe(10);
    history.trim(39);
    expect(tree.supersededCount).toBeLessThanOrEqual(30);
    expect(tree.oldest).toBeGreaterThan(10);
    expect(tree.oldest).toBeLessThan(39);
    history.trim(40);
    expect(history.at(40)).toBeDefined();
  });

  it('restores nothing that it would have to give up at once; values are read without it', () => {
    const world = grown(20, 18);
    world.reopen();
    const { ledger } = world;
    const tree = new StateTree();
    tree.update(20, ledger.treeAt(20) ?? []);
    const history = new StateHistory(tree, ledger.records, 12);
    expect(() => history.restore(1, 18, 1000)).toThrow(unavailable);
    expect(tree.oldest).toBeLessThan(18);
    expect(tree.oldest).toBeGreaterThan(1);
    const kept = tree.oldest;
    expect(() => history.restore(1, 18, 1000)).toThrow(unavailable);
    expect(tree.oldest).toBe(kept);
    expect(history.restore(kept, 18, 0)).toBe(true);
    expect(stateAt(ledger, 'notes', utf8Encode('k1'), 1)).toMatchObject({ modifiedHeight: 1 });
  });
});
