import type { TransactionId } from '@varve/encoding';
import type { Outcome } from '@varve/ledger';
import type { Notice } from '@varve/validator';

import { WAITING_TRANSACTIONS_MAX } from './limits.ts';

/** What became of a transaction while its submitter waited. */
export type Settled =
  | { readonly kind: 'executed'; readonly height: number; readonly leafIndex: number; readonly outcome: Outcome }
  | { readonly kind: 'discarded'; readonly code: string }
  /** The node stops. */
  | { readonly kind: 'closed' };

interface Wait {
  readonly until: 'committed' | 'final';
  readonly settle: (settled: Settled) => void;
  /** Once it is in a block: it waits for that height to be final. */
  executed?: Executed;
}

type Executed = Extract<Settled, { kind: 'executed' }>;

/** Submitters that wait for their transactions: one table for all requests, driven by notices. */
export class Waiters {
  readonly #limit: number;
  readonly #byId = new Map<TransactionId, Set<Wait>>();
  /** Executed, but not yet final: by height. */
  readonly #executed = new Map<number, Set<Wait>>();
  #size = 0;

  constructor(limit: number = WAITING_TRANSACTIONS_MAX) {
    this.#limit = limit;
  }

  /** How many more can wait. */
  get room(): number {
    return this.#limit - this.#size;
  }

  /**
   * Calls `settle` at most once, when the transaction is `until`; the result ends the wait.
   * @param executed - Where the transaction is in a block already and only its finality is waited for.
   */
  add(id: TransactionId, until: Wait['until'], settle: Wait['settle'], executed?: Executed): () => void {
    this.#size += 1;
    let open = true;
    const close = (): void => {
      if (!open) return;
      open = false;
      this.#size -= 1;
      remove(this.#byId, id, wait);
      if (wait.executed) remove(this.#executed, wait.executed.height, wait);
    };
    const wait: Wait = {
      until,
      settle: (settled) => {
        if (!open) return;
        close();
        settle(settled);
      },
    };
    insert(this.#byId, id, wait);
    if (executed) this.#awaitFinal(wait, executed);
    return close;
  }

  take(notice: Notice): void {
    if (notice.kind === 'committed') this.#committed(notice);
    else if (notice.kind === 'final') this.#final(notice.height);
    else if (notice.kind === 'discarded') {
      for (const { id, code } of notice.transactions) {
        for (const wait of [...(this.#byId.get(id) ?? [])]) wait.settle({ kind: 'discarded', code });
      }
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const waits of [...this.#byId.values()]) for (const wait of [...waits]) wait.settle({ kind: 'closed' });
  }

  #committed({ height, executed }: Extract<Notice, { kind: 'committed' }>): void {
    if (this.#byId.size === 0) return;
    for (const [leafIndex, transaction] of executed.entries()) {
      const waits = this.#byId.get(transaction.id);
      if (waits === undefined) continue;
      const settled: Executed = { kind: 'executed', height, leafIndex, outcome: transaction.outcome };
      for (const wait of [...waits]) {
        if (wait.until === 'committed') wait.settle(settled);
        else this.#awaitFinal(wait, settled);
      }
    }
  }

  #awaitFinal(wait: Wait, executed: Executed): void {
    wait.executed = executed;
    insert(this.#executed, executed.height, wait);
  }

  #final(height: number): void {
    for (const [at, waits] of [...this.#executed]) {
      if (at > height) continue;
      for (const wait of [...waits]) if (wait.executed) wait.settle(wait.executed);
    }
  }
}

function insert<K>(table: Map<K, Set<Wait>>, key: K, wait: Wait): void {
  const waits = table.get(key);
  if (waits) waits.add(wait);
  else table.set(key, new Set([wait]));
}

function remove<K>(table: Map<K, Set<Wait>>, key: K, wait: Wait): void {
  const waits = table.get(key);
  waits?.delete(wait);
  if (waits?.size === 0) table.delete(key);
}
