import { assert } from './assert.ts';
import type { Anchor, Entry, Recovered } from './contract.ts';
import type { Replica } from './replica.ts';

/** The part of a replica that its log, and what the host hears of it, depend on. */
type LoggedReplica = Pick<Replica, 'self' | 'log' | 'commitIndex' | 'out'>;

/** Appends to the log and to this step's write. */
export function appendToLog(replica: LoggedReplica, entries: readonly Entry[]): void {
  replica.log.append(entries);
  for (const entry of entries) replica.out.append.push(entry);
}

/** Drops the log from `index` on; payloads that this node proposed go back to the host. */
export function truncateLog(replica: LoggedReplica, index: number): void {
  assert(index > replica.commitIndex, 'a committed entry is never truncated');
  assert(replica.out.append.length === 0, 'a write truncates before it appends');
  dropOwn(replica, replica.log.truncateFrom(index));
  replica.out.truncateFrom = index;
}

/** Reports those of `entries` that were proposed here. */
function dropOwn(replica: LoggedReplica, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.payload && entry.epoch.node === replica.self) replica.out.dropped.push(entry.payload.id);
  }
}

/** Hands out everything up to `index`, which the log holds. */
export function commitTo(replica: LoggedReplica, index: number): void {
  if (index <= replica.commitIndex) return;
  for (const entry of replica.log.range(replica.commitIndex + 1, index)) replica.out.commit.push(entry);
  replica.commitIndex = index;
}

/** A certificate makes everything up to `anchor` final: the store's log may start after it. */
export function trimLog(replica: LoggedReplica, anchor: Anchor): void {
  const { log, commitIndex } = replica;
  if (anchor.index <= log.anchor.index || anchor.index > commitIndex || !log.holds(anchor)) return;
  log.moveAnchor(anchor);
  replica.out.anchor = anchor;
}

/** What became of the log. `known`: nothing, it was no news; `kept`: it holds the place; `anew`: it starts there. */
export type Standing = 'known' | 'kept' | 'anew';

/**
 * Block sync moved the ledger to `anchor`. What the log holds behind it stays if the log holds `anchor` itself; else the
 * log starts anew. Nothing that is committed here is handed out again or taken back.
 */
export function standOnSynced(replica: LoggedReplica, anchor: Anchor): Standing {
  const standing = standOn(replica, anchor);
  if (standing === 'kept') trimLog(replica, anchor);
  return standing;
}

/**
 * The store's ledger may be ahead of its log, and what block sync brought may contradict it: nothing of the log counts as
 * committed before the two were compared. The ledger's tip is perhaps not certified, so a log that holds it stays whole;
 * then what was executed behind the tip is committed too.
 */
export function standOnRecovered(replica: LoggedReplica, { ledger, applied }: Recovered): Standing {
  const standing = standOn(replica, ledger);
  replica.commitIndex = Math.max(replica.commitIndex, Math.min(applied, replica.log.lastIndex));
  return standing;
}

function standOn(replica: LoggedReplica, anchor: Anchor): Standing {
  const { log, out } = replica;
  if (anchor.index <= log.anchor.index) return 'known';
  if (log.holds(anchor)) {
    replica.commitIndex = Math.max(replica.commitIndex, anchor.index);
    return 'kept';
  }
  // Below what this node committed itself, another entry would be a fork: the ledger's certificates tell of that.
  if (anchor.index <= replica.commitIndex) return 'known';
  if (anchor.index < log.lastIndex) out.truncateFrom = anchor.index + 1;
  const uncommitted = log.reset(anchor).filter((entry) => entry.index > replica.commitIndex);
  dropOwn(replica, uncommitted);
  out.anchor = anchor;
  replica.commitIndex = anchor.index;
  return 'anew';
}
