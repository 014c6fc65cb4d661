import { type AccountId, IdMap, type PayloadId, type TransactionId } from '@varve/encoding';
import type { Transaction } from '@varve/ledger';

/** How much may wait. */
export interface PoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  readonly transactionsPerAccount: number;
}

/** The limits of a validator that sets none. */
export const POOL_LIMITS_DEFAULT: PoolLimits = {
  transactions: 100_000,
  bytes: 64 * 1024 * 1024,
  transactionsPerAccount: 20_000,
};

/** What waits of one account. */
interface Share {
  transactions: number;
}

/** A transaction that waits to be ordered and executed. */
export interface Waiting {
  readonly transaction: Transaction;
  readonly share: Share;
  /** Monotonic time of its arrival here. */
  readonly since: number;
  /** Whether a client gave it to this node, rather than a peer. */
  readonly own: boolean;
  /** `Ledger.accountsVersion` when its sender was judged last. */
  accountsVersion: number;
  /** The payload of ours it is in; none while it waits for one. */
  proposedIn: PayloadId | undefined;
}

/** Verified transactions that have not been executed yet, in order of arrival. It is memory: a restart forgets it. */
export class Pool {
  /** Of this and of all maps beside it. */
  readonly salt: string;
  readonly #limits: PoolLimits;
  readonly #waiting: IdMap<TransactionId, Waiting>;
  /** Those in no payload, in order. */
  readonly #unproposed: IdMap<TransactionId, Waiting>;
  readonly #shares = new Map<AccountId, Share>();
  readonly #payloads: IdMap<PayloadId, readonly Waiting[]>;
  #bytes = 0;

  /** @param salt - See `IdMap`. */
  constructor(limits: PoolLimits, salt: string) {
    this.#limits = limits;
    this.salt = salt;
    this.#waiting = new IdMap(salt);
    this.#unproposed = new IdMap(salt);
    this.#payloads = new IdMap(salt);
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many are in no payload yet. */
  get unproposed(): number {
    return this.#unproposed.size;
  }

  /** The one that has waited longest for a payload. */
  get oldest(): Waiting | undefined {
    return this.#unproposed.values().next().value;
  }

  get(id: TransactionId): Waiting | undefined {
    return this.#waiting.get(id);
  }

  /** Whether exactly these bytes wait, signature included: then it is a good one. */
  holds({ id, hashHex }: Transaction): boolean {
    return this.#waiting.get(id)?.transaction.hashHex === hashHex;
  }

  /** Whether `transaction` finds no room. `reserved` and `reservedBytes` count those being verified. */
  isFull(transaction: Transaction, reserved: number, reservedBytes: number): boolean {
    return (
      this.#waiting.size + reserved >= this.#limits.transactions ||
      this.#bytes + reservedBytes + transaction.bytes.length > this.#limits.bytes ||
      (this.#shares.get(transaction.account)?.transactions ?? 0) >= this.#limits.transactionsPerAccount
    );
  }

  add(transaction: Transaction, since: number, own: boolean, accountsVersion: number): void {
    if (this.#waiting.has(transaction.id)) return;
    const share = this.#shareOf(transaction.account);
    share.transactions += 1;
    const waiting: Waiting = { transaction, share, since, own, accountsVersion, proposedIn: undefined };
    this.#waiting.set(transaction.id, waiting);
    this.#unproposed.set(transaction.id, waiting);
    this.#bytes += transaction.bytes.length;
  }

  remove(id: TransactionId): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const { transaction, share, proposedIn } = waiting;
    this.#waiting.delete(id);
    if (proposedIn === undefined) this.#unproposed.delete(id);
    this.#bytes -= transaction.bytes.length;
    share.transactions -= 1;
    if (share.transactions === 0) this.#shares.delete(transaction.account);
  }

  /** In order of arrival, those in no payload. */
  candidates(): IterableIterator<Waiting> {
    return this.#unproposed.values();
  }

  /** In order of arrival, all. */
  all(): IterableIterator<Waiting> {
    return this.#waiting.values();
  }

  /** These left in a payload of ours. */
  proposed(payload: PayloadId, chosen: readonly Waiting[]): void {
    this.#payloads.set(payload, chosen);
    for (const waiting of chosen) {
      waiting.proposedIn = payload;
      this.#unproposed.delete(waiting.transaction.id);
    }
  }

  /** A payload of ours lost its slot or was executed: what is left of it waits again. */
  release(payload: PayloadId): void {
    const chosen = this.#payloads.get(payload);
    if (chosen === undefined) return;
    this.#payloads.delete(payload);
    for (const waiting of chosen) {
      if (this.#waiting.get(waiting.transaction.id) !== waiting) continue;
      waiting.proposedIn = undefined;
      this.#unproposed.set(waiting.transaction.id, waiting);
    }
  }

  /** Leadership was lost: nobody knows what becomes of the payloads in flight. */
  releaseAll(): void {
    for (const payload of [...this.#payloads.keys()]) this.release(payload);
  }

  /** Payloads of ours that are neither executed nor dropped. */
  get inFlight(): number {
    return this.#payloads.size;
  }

  #shareOf(account: AccountId): Share {
    const known = this.#shares.get(account);
    if (known) return known;
    const share: Share = { transactions: 0 };
    this.#shares.set(account, share);
    return share;
  }
}
