import type { NodeId } from '@varve/encoding';
import { assert } from './assert.ts';
import type { Anchor, Entry } from './contract.ts';
import { type EntryLog, entryBytes } from './entry-log.ts';
import type { StepOutbox } from './step-outbox.ts';

/** The part of a replica that its log, and what the host hears of it, depend on. */
export interface LoggedReplica {
  readonly self: NodeId;
  readonly log: EntryLog;
  commitIndex: number;
  readonly out: Pick<StepOutbox<unknown>, 'append' | 'truncateFrom' | 'anchor' | 'commit' | 'dropped'>;
}

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

/** What is in the log and not committed. Counted anew each time: a running counter could drift (trap 17). */
export function inFlight({ log, commitIndex }: Pick<LoggedReplica, 'log' | 'commitIndex'>): {
  readonly payloads: number;
  readonly bytes: number;
} {
  let payloads = 0;
  let bytes = 0;
  for (let index = commitIndex + 1; index <= log.lastIndex; index++) {
    const entry = log.entryAt(index);
    if (!entry?.payload) continue;
    payloads += 1;
    bytes += entryBytes(entry);
  }
  return { payloads, bytes };
}

/** A certificate makes everything up to `anchor` final: the store's log may start after it. */
export function trimLog(replica: LoggedReplica, anchor: Anchor): void {
  const { log, commitIndex } = replica;
  if (anchor.index <= log.anchor.index || anchor.index > commitIndex || !holds(log, anchor)) return;
  log.moveAnchor(anchor);
  replica.out.anchor = anchor;
}

/**
 * The ledger stands on `anchor`. What the log holds behind it stays if the log holds `anchor` itself; else the log
 * starts anew. Nothing that is committed here is handed out again or taken back.
 * @returns `known`: that was no news; `kept`: the log holds it; `anew`: the log starts there.
 */
export function standOn(replica: LoggedReplica, anchor: Anchor): 'known' | 'kept' | 'anew' {
  const { log, out } = replica;
  if (anchor.index <= log.anchor.index) return 'known';
  if (holds(log, anchor)) {
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

function holds(log: EntryLog, anchor: Anchor): boolean {
  const entry = log.entryAt(anchor.index);
  return entry !== undefined && entry.epoch.number === anchor.epoch.number && entry.epoch.node === anchor.epoch.node;
}
