import { anchorAt, entryOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { A, B, C, hardStateOf } from './harness.ts';
import { Replica, zxid } from './replica.ts';

const logOf = (...epochs: readonly number[]) => epochs.map((epoch, i) => entryOf(i + 1, epoch, B, `${i + 1}/${epoch}`));

describe('recovery', () => {
  it('drops a history that contradicts what was executed, however long either is', () => {
    // Block sync brought the chain here while no engine ran: what a stale leader proposed is still in the log.
    const log = logOf(1, 1, 2);
    for (const [index, applied] of [
      [3, 3],
      [3, 5],
      [2, 3],
    ] as const) {
      const ledger = anchorAt(index, { number: 3, node: C });
      const replica = new Replica(A, 3, { hardState: hardStateOf(2, B, 2), log, ledger, applied });
      expect(replica.status).toMatchObject({ lastIndex: index, committed: index, anchor: index, epoch: ledger.epoch });
      // It votes with the history that it stands on.
      expect(replica.vote.vote).toMatchObject({ leader: A, zxid: zxid(3, index) });
    }
  });

  it('keeps a history that holds the ledger tip whole, and commits what was executed behind it', () => {
    const ledger = anchorAt(2, { number: 1, node: B });
    const store = { hardState: hardStateOf(1, B, 1), log: logOf(1, 1, 1, 1), ledger };
    expect(new Replica(A, 3, { ...store, applied: 3 }).status).toMatchObject({ lastIndex: 4, committed: 3, anchor: 0 });
    expect(new Replica(A, 3, { ...store, applied: 9 }).status).toMatchObject({ lastIndex: 4, committed: 4 });
  });
});
