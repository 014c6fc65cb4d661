import type { RecordStore } from '@varve/ledger/chain';
import type { Journal } from './journal.ts';
import type { Outbox } from './outbox.ts';

/**
 * One batch is out while the next fills, so commits group by themselves. Whatever must not be said before it is
 * durable waits here.
 */
export class Durability {
  readonly #records: RecordStore;
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  #batch = 0;
  #out = false;
  #current: (() => void)[] = [];
  #next: (() => void)[] = [];
  #ready: (() => void)[] = [];

  constructor(records: RecordStore, journal: Journal, outbox: Outbox) {
    this.#records = records;
    this.#journal = journal;
    this.#outbox = outbox;
  }

  /** Runs `then` as soon as every write made so far is durable, in the order of these calls. */
  after(then: () => void): void {
    if (this.#records.hasPending) this.#next.push(then);
    else if (this.#out) this.#current.push(then);
    else this.#ready.push(then);
  }

  /** Hands out the next batch, if there is one and none is out. */
  flush(): void {
    if (this.#out || !this.#records.hasPending) return;
    this.#journal.append(this.#records.pendingBytes);
    this.#batch += 1;
    this.#out = true;
    this.#current = this.#next;
    this.#next = [];
    this.#outbox.persist(this.#batch, this.#records.takeBatch());
  }

  /** The batch that was out is durable. */
  persisted(batch: number): void {
    if (!this.#out || batch !== this.#batch) return;
    this.#records.settle();
    this.#out = false;
    this.#ready.push(...this.#current);
    this.#current = [];
  }

  /** Runs what became ready; returns whether there was anything. */
  runReady(): boolean {
    const ready = this.#ready;
    this.#ready = [];
    for (const then of ready) then();
    return ready.length > 0;
  }
}
