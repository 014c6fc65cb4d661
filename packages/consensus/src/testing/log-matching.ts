import type { Ensemble } from './ensemble.ts';
import type { Store } from './store.ts';
import { violated } from './violation.ts';

/**
 * Stored logs that have an entry of one epoch in common are one up to there: of each leader's log they hold a prefix
 * (Raft §5.3, log matching; Sequence Paxos' and ZAB's prefixes).
 */
export function checkLogMatching<M>(ensemble: Ensemble<M>): void {
  const stores = [...ensemble.hosts.values()].map((host) => host.store);
  for (const one of stores) for (const other of stores) checkPair(one, other);
}

function checkPair(one: Store, other: Store): void {
  const theirs = new Map(other.log.map((entry) => [entry.index, entry]));
  const shared = one.log.findLast((entry) => theirs.get(entry.index)?.epoch.number === entry.epoch.number);
  for (const entry of one.log) {
    if (!shared || entry.index > shared.index) return;
    const their = theirs.get(entry.index);
    if (!their) continue;
    const same = their.epoch.number === entry.epoch.number && their.payload?.id === entry.payload?.id;
    if (!same) violated(`log matching: ${entry.index} differs before ${shared.index}`);
  }
}
