import type { Anchor, Entry, Recovered, Write } from '../contract.ts';
import { GENESIS } from './fixtures.ts';
import { violated } from './violation.ts';

/** What survives a crash. */
export interface Store {
  hardState: Uint8Array | undefined;
  anchor: Anchor;
  log: Entry[];
  ledger: Anchor;
  applied: number;
}

/** The store of a validator that never ran. */
export function emptyStore(): Store {
  return { hardState: undefined, anchor: GENESIS, log: [], ledger: GENESIS, applied: 0 };
}

/** What an engine that starts on `store` is told; it shares nothing that changes. */
export function recoveredOf(store: Store): Recovered {
  const { hardState, ...rest } = store;
  return { ...rest, log: [...store.log], ...(hardState ? { hardState } : {}) };
}

/** Carries out a write as the contract says: truncate, move the anchor, append. */
export function applyWrite<M>(store: Store, write: Write<M>): void {
  if (write.hardState) store.hardState = write.hardState;
  const { truncateFrom, anchor } = write;
  if (truncateFrom !== undefined) store.log = store.log.filter((entry) => entry.index < truncateFrom);
  if (anchor) {
    store.anchor = anchor;
    store.log = store.log.filter((entry) => entry.index > anchor.index);
  }
  store.log.push(...write.append);
  const first = store.log[0];
  const last = store.log.at(-1);
  if (!first || !last) return;
  if (first.index !== store.anchor.index + 1 || last.index !== store.anchor.index + store.log.length)
    violated(`the stored log has a hole: it starts after ${store.anchor.index} and ends at ${last.index}`);
}
