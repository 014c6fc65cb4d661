import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import {
  AssertionError,
  appendToLog,
  commitTo,
  createReplica,
  EntryLog,
  standOnRecovered,
  standOnSynced,
  truncateLog,
} from '../src/index.ts';
import {
  anchorAt,
  configurationOf,
  emptyStore,
  entryOf,
  names,
  optionsOf,
  payloadOf,
  recoveredOf,
} from '../src/testing/index.ts';

const [a, b] = names(2) as readonly [NodeId, NodeId];
const epoch = { number: 1, node: b };

function replicaOf(store: Partial<ReturnType<typeof emptyStore>> = {}) {
  const recovered = recoveredOf({ ...emptyStore(), ...store });
  const log = new EntryLog(recovered.anchor, recovered.log);
  const replica = createReplica(log, configurationOf('raft', 3), recovered, optionsOf(a, 1), 0);
  return { replica, recovered };
}

describe('a replicated log', () => {
  it('hands out what is committed once, in order', () => {
    const { replica } = replicaOf();
    appendToLog(replica, [entryOf(1, 1, b, 'x'), entryOf(2, 1, b)]);
    commitTo(replica, 1);
    commitTo(replica, 1);
    commitTo(replica, 2);
    expect(replica.out.commit.map(({ index }) => index)).toEqual([1, 2]);
    expect(() => truncateLog(replica, 2)).toThrow(AssertionError);
  });

  it('gives back the own payloads that it drops', () => {
    const { replica } = replicaOf({ log: [entryOf(1, 1, b, 'x'), entryOf(2, 1, b, 'y'), entryOf(3, 2, a, 'mine')] });
    truncateLog(replica, 2);
    expect(replica.out).toMatchObject({ truncateFrom: 2, dropped: [payloadOf('mine').id] });
  });

  it('stands on a synced place: keeps what holds it, starts anew where it does not, and ignores the past', () => {
    const { replica } = replicaOf({ log: [1, 2, 3].map((index) => entryOf(index, 1, b)) });
    expect(standOnSynced(replica, anchorAt(2, epoch))).toBe('kept');
    expect([replica.commitIndex, replica.log.lastIndex, replica.log.anchor.index]).toEqual([2, 3, 2]);
    expect(standOnSynced(replica, anchorAt(1, { number: 9, node: a }))).toBe('known');
    expect(standOnSynced(replica, anchorAt(3, { number: 2, node: a }))).toBe('anew');
    expect([replica.commitIndex, replica.log.lastIndex, replica.log.anchor.index]).toEqual([3, 3, 3]);
  });

  it.each([
    { ledger: anchorAt(2, epoch), applied: 3, standing: 'kept', committed: 3, lastIndex: 3, anchor: 0 },
    { ledger: anchorAt(2, epoch), applied: 9, standing: 'kept', committed: 3, lastIndex: 3, anchor: 0 },
    { ledger: anchorAt(0, epoch), applied: 2, standing: 'known', committed: 2, lastIndex: 3, anchor: 0 },
    {
      ledger: anchorAt(2, { number: 2, node: a }),
      applied: 3,
      standing: 'anew',
      committed: 2,
      lastIndex: 2,
      anchor: 2,
    },
    { ledger: anchorAt(7, epoch), applied: 8, standing: 'anew', committed: 7, lastIndex: 7, anchor: 7 },
  ])('recovers on a ledger at $ledger.index with $applied executed: $standing, $committed committed', (expected) => {
    const { standing, committed, lastIndex, anchor, ...store } = expected;
    const { replica, recovered } = replicaOf({ ...store, log: [1, 2, 3].map((index) => entryOf(index, 1, b)) });
    expect(standOnRecovered(replica, recovered)).toBe(standing);
    expect([replica.commitIndex, replica.log.lastIndex, replica.log.anchor.index]).toEqual([
      committed,
      lastIndex,
      anchor,
    ]);
    expect(replica.out.commit).toEqual([]);
  });
});
