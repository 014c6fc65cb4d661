import { latin1, type TransactionId } from '@varve/encoding';
import { decodeStateEntry, type StateEntry } from '@varve/ledger';
import {
  headerKey,
  type Place,
  parseStateKey,
  RECORD_KIND,
  type Store,
  type StoreOperation,
  type TransactionPlaces,
  unchecked,
} from '@varve/ledger/chain';

/** A value of the state and where it stands. */
interface PlacedEntry {
  readonly module: string;
  readonly key: Uint8Array;
  readonly value: StateEntry;
}

/** The key that `latin1` made this text of. */
export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

/** What the replay guard still needs of one block. */
export interface WindowBlock {
  readonly height: number;
  /** Block time after which nothing of it can be replayed, Unix milliseconds. */
  readonly until: number;
  /** One for each leaf. */
  readonly transactions: readonly TransactionId[];
}

/**
 * The records of the chain as the audit makes it: the state, and of blocks only what the replay guard may still ask
 * for, so that memory grows with the state and not with the chain.
 */
export class MemoryRecords implements Store, TransactionPlaces {
  readonly #state = new Map<string, Uint8Array>();
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #places = new Map<TransactionId, Place>();
  #window: WindowBlock[] = [];

  get(key: Uint8Array): Uint8Array | undefined {
    return (key[0] === RECORD_KIND.state ? this.#state : this.#blocks).get(latin1(key));
  }

  /** State records with their checksums, by key as text of code units. */
  get state(): ReadonlyMap<string, Uint8Array> {
    return this.#state;
  }

  *stateEntries(): Generator<PlacedEntry> {
    for (const [text, record] of this.#state) {
      const key = bytesOfText(text);
      yield { ...parseStateKey(key), value: decodeStateEntry(unchecked(key, record)) };
    }
  }

  get window(): readonly WindowBlock[] {
    return this.#window;
  }

  /** As it was when an earlier audit stopped. */
  restoreWindow(window: readonly WindowBlock[]): void {
    this.#window = [...window];
    this.#places.clear();
    for (const { height, transactions } of window)
      this.append(
        height,
        transactions.map((id) => ({ id })),
      );
  }

  find(id: TransactionId): Place | undefined {
    return this.#places.get(id);
  }

  append(height: number, transactions: readonly { readonly id: TransactionId }[]): void {
    transactions.forEach(({ id }, leafIndex) => {
      this.#places.set(id, { height, leafIndex });
    });
  }

  /** Takes what the ledger wrote for one block. */
  commit(operations: readonly StoreOperation[]): void {
    for (const { key, value } of operations) {
      const kind = key[0];
      if (kind === RECORD_KIND.state) {
        if (value) this.#state.set(latin1(key), value);
        else this.#state.delete(latin1(key));
      } else if (value && kind === RECORD_KIND.header) {
        this.#blocks.set(latin1(key), value);
      }
    }
  }

  /**
   * Notes a block, and drops those of which nothing can be replayed any more: a transaction that a block holds expires
   * within the longest validity that was known then, and what is expired is skipped as surely as what is known.
   */
  note(block: WindowBlock, time: number): void {
    this.#window.push(block);
    const first = this.#window.findIndex(({ until }) => until >= time);
    if (first === 0) return;
    const gone = this.#window.splice(0, first < 0 ? this.#window.length : first);
    for (const { height, transactions } of gone) {
      this.#blocks.delete(latin1(headerKey(height)));
      for (const id of transactions) this.#places.delete(id);
    }
  }
}
