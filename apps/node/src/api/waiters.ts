import { IdMap, type TransactionId } from '@varve/encoding';
import type { Outcome } from '@varve/ledger';
import type { Notice } from '@varve/validator';

import { WAITING_TRANSACTIONS_MAX } from './limits.ts';

/** What became of a transaction while its submitter waited. */
export type Settled =
  | { readonly kind: 'executed'; readonly height: number; readonly leafIndex: number; readonly outcome: Outcome }
  | { readonly kind: 'discarded'; readonly code: string }
  /** Its time is over, or the node stops. */
  | { readonly kind: 'left' };

type Executed = Extract<Settled, { kind: 'executed' }>;

/** A transaction to wait for. */
export interface Wanted {
  readonly id: TransactionId;
  /** In its request. */
  readonly position: number;
  /** Where it is in a block already and only its finality is waited for. */
  readonly executed: Executed | undefined;
}

/** What a request waits for, and whom to tell. */
export interface Request {
  readonly until: 'committed' | 'final';
  readonly timeoutMs: number;
  /** Called once for each transaction. */
  readonly tell: (position: number, settled: Settled) => void;
}

/** The transactions of one request. */
interface Wait {
  readonly request: Request;
  readonly timer: NodeJS.Timeout;
  readonly awaited: Awaited[];
  /** Blocks that hold some of them and are not final yet. */
  readonly heights: number[];
  /** How many are not settled. */
  left: number;
}

interface Awaited {
  readonly wait: Wait;
  readonly id: TransactionId;
  readonly position: number;
  executed: Executed | undefined;
  isSettled: boolean;
}

/**
 * Submitters that wait for their transactions: one table for all, driven by notices. What costs is paid for a request,
 * not for each of its transactions.
 */
export class Waiters {
  readonly #limit: number;
  readonly #waits = new Set<Wait>();
  /** Those in no block yet. */
  readonly #byId = new IdMap<TransactionId, Awaited[]>();
  /** Those who wait for a block to be final, by its height. */
  readonly #byHeight = new Map<number, Set<Wait>>();
  #size = 0;

  constructor(limit: number = WAITING_TRANSACTIONS_MAX) {
    this.#limit = limit;
  }

  /** How many more transactions can be waited for. */
  get room(): number {
    return this.#limit - this.#size;
  }

  /** @param wanted - At least one. */
  add(request: Request, wanted: readonly Wanted[]): void {
    const timer = setTimeout(() => this.#leave(wait), request.timeoutMs);
    const wait: Wait = { request, timer, awaited: [], heights: [], left: wanted.length };
    this.#waits.add(wait);
    this.#size += wanted.length;
    for (const { id, position, executed } of wanted) {
      const awaited: Awaited = { wait, id, position, executed, isSettled: false };
      wait.awaited.push(awaited);
      if (executed) this.#awaitFinal(wait, executed.height);
      else this.#awaitBlock(awaited);
    }
  }

  take(notice: Notice): void {
    if (notice.kind === 'committed') this.#committed(notice);
    else if (notice.kind === 'final') this.#final(notice.height);
    else if (notice.kind === 'discarded') {
      for (const { id, code } of notice.transactions)
        for (const awaited of this.#takeBlockless(id) ?? []) this.#settle(awaited, { kind: 'discarded', code });
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const wait of [...this.#waits]) this.#leave(wait);
  }

  #committed({ height, executed }: Extract<Notice, { kind: 'committed' }>): void {
    if (this.#byId.size === 0) return;
    executed.forEach((transaction, leafIndex) => {
      const found = this.#takeBlockless(transaction.id);
      if (found === undefined) return;
      const settled: Executed = { kind: 'executed', height, leafIndex, outcome: transaction.outcome };
      for (const awaited of found) {
        awaited.executed = settled;
        if (awaited.wait.request.until === 'final') this.#awaitFinal(awaited.wait, height);
        else this.#settle(awaited, settled);
      }
    });
  }

  #final(height: number): void {
    for (const [at, waits] of this.#byHeight) {
      if (at > height) continue;
      this.#byHeight.delete(at);
      for (const { awaited } of waits)
        for (const one of awaited) if (one.executed?.height === at) this.#settle(one, one.executed);
    }
  }

  #awaitBlock(awaited: Awaited): void {
    const others = this.#byId.get(awaited.id);
    if (others) others.push(awaited);
    else this.#byId.set(awaited.id, [awaited]);
  }

  #awaitFinal(wait: Wait, height: number): void {
    if (wait.heights.includes(height)) return;
    wait.heights.push(height);
    const others = this.#byHeight.get(height);
    if (others) others.add(wait);
    else this.#byHeight.set(height, new Set([wait]));
  }

  /** Those that wait for a block with this transaction, which has come or never will. */
  #takeBlockless(id: TransactionId): readonly Awaited[] | undefined {
    const found = this.#byId.get(id);
    if (found) this.#byId.delete(id);
    return found;
  }

  #settle(awaited: Awaited, settled: Settled): void {
    if (awaited.isSettled) return;
    awaited.isSettled = true;
    this.#size -= 1;
    const { wait } = awaited;
    wait.left -= 1;
    if (wait.left === 0) this.#end(wait);
    wait.request.tell(awaited.position, settled);
  }

  #leave(wait: Wait): void {
    for (const awaited of wait.awaited) {
      if (awaited.isSettled) continue;
      if (!awaited.executed) this.#leaveBlockless(awaited);
      this.#settle(awaited, { kind: 'left' });
    }
  }

  #leaveBlockless(awaited: Awaited): void {
    const others = this.#byId.get(awaited.id)?.filter((other) => other !== awaited) ?? [];
    if (others.length > 0) this.#byId.set(awaited.id, others);
    else this.#byId.delete(awaited.id);
  }

  #end(wait: Wait): void {
    clearTimeout(wait.timer);
    this.#waits.delete(wait);
    for (const height of wait.heights) {
      const others = this.#byHeight.get(height);
      others?.delete(wait);
      if (others?.size === 0) this.#byHeight.delete(height);
    }
  }
}
