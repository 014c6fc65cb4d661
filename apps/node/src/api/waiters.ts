import { randomBytes } from 'node:crypto';
import { IdMap, type TransactionId, toHex } from '@varve/encoding';
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

/** What a submission waits for, and whom to tell. */
export interface Submission {
  readonly until: 'committed' | 'final';
  readonly timeoutMs: number;
  /** Called once for each transaction. */
  readonly tell: (position: number, settled: Settled) => void;
}

/** The transactions of one submission. */
interface Wait {
  readonly submission: Submission;
  readonly timer: NodeJS.Timeout;
  readonly expected: Expected[];
  /** Blocks that hold some of them. */
  readonly heights: number[];
  /** How many are not settled. */
  left: number;
}

interface Expected {
  readonly wait: Wait;
  readonly id: TransactionId;
  readonly position: number;
  executed: Executed | undefined;
  isSettled: boolean;
  /** Neighbours among those that expect the same transaction in a block. */
  newer: Expected | undefined;
  older: Expected | undefined;
}

/** Submitters that wait for their transactions: one table for all, driven by notices, and one timer for a submission. */
export class Waiters {
  readonly #limit: number;
  readonly #waits = new Set<Wait>();
  /** The newest of those that expect a transaction which is in no block yet. */
  readonly #byId = new IdMap<TransactionId, Expected>(toHex(randomBytes(16)));
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

  /** @param wanted - Of nothing nothing is told. */
  add(submission: Submission, wanted: readonly Wanted[]): void {
    if (wanted.length === 0) return;
    const timer = setTimeout(() => this.#leave(wait), submission.timeoutMs);
    const wait: Wait = { submission, timer, expected: [], heights: [], left: wanted.length };
    this.#waits.add(wait);
    this.#size += wanted.length;
    for (const { id, position, executed } of wanted) {
      const one: Expected = { wait, id, position, executed, isSettled: false, newer: undefined, older: undefined };
      wait.expected.push(one);
      if (executed) this.#expectFinal(wait, executed.height);
      else this.#expectBlock(one);
    }
  }

  take(notice: Notice): void {
    if (notice.kind === 'committed') this.#committed(notice);
    else if (notice.kind === 'final') this.#final(notice.height);
    else if (notice.kind === 'discarded') {
      for (const { id, code } of notice.transactions)
        for (let one = this.#takeBlockless(id); one; one = one.older) this.#settle(one, { kind: 'discarded', code });
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const wait of [...this.#waits]) this.#leave(wait);
  }

  #committed({ height, executed }: Extract<Notice, { kind: 'committed' }>): void {
    if (this.#byId.size === 0) return;
    executed.forEach((transaction, leafIndex) => {
      const newest = this.#takeBlockless(transaction.id);
      if (newest === undefined) return;
      const settled: Executed = { kind: 'executed', height, leafIndex, outcome: transaction.outcome };
      for (let one: Expected | undefined = newest; one; one = one.older) {
        one.executed = settled;
        if (one.wait.submission.until === 'final') this.#expectFinal(one.wait, height);
        else this.#settle(one, settled);
      }
    });
  }

  #final(height: number): void {
    for (const [at, waits] of this.#byHeight) {
      if (at > height) continue;
      this.#byHeight.delete(at);
      for (const { expected } of waits)
        for (const one of expected) if (one.executed?.height === at) this.#settle(one, one.executed);
    }
  }

  #expectBlock(one: Expected): void {
    one.older = this.#byId.get(one.id);
    if (one.older) one.older.newer = one;
    this.#byId.set(one.id, one);
  }

  #expectFinal(wait: Wait, height: number): void {
    if (wait.heights.includes(height)) return;
    wait.heights.push(height);
    const others = this.#byHeight.get(height);
    if (others) others.add(wait);
    else this.#byHeight.set(height, new Set([wait]));
  }

  /** The newest of those that expect a block with this transaction, which has come or never will. */
  #takeBlockless(id: TransactionId): Expected | undefined {
    const newest = this.#byId.get(id);
    if (newest) this.#byId.delete(id);
    return newest;
  }

  #settle(one: Expected, settled: Settled): void {
    if (one.isSettled) return;
    one.isSettled = true;
    this.#size -= 1;
    const { wait } = one;
    wait.left -= 1;
    if (wait.left === 0) this.#end(wait);
    wait.submission.tell(one.position, settled);
  }

  #leave(wait: Wait): void {
    for (const one of wait.expected) {
      if (one.isSettled) continue;
      if (!one.executed) this.#leaveBlockless(one);
      this.#settle(one, { kind: 'left' });
    }
  }

  #leaveBlockless({ id, newer, older }: Expected): void {
    if (older) older.newer = newer;
    if (newer) newer.older = older;
    else if (older) this.#byId.set(id, older);
    else this.#byId.delete(id);
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
