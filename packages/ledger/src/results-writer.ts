import { type CborValue, CborWriter, EncodingError } from '@varve/encoding';
import { EncodedList } from './encoded-list.ts';
import { OperationFailed } from './module.ts';

/** Arrays that may be around a value in a record. */
const DEPTH = 3;
/** The heads of those arrays, which count too. */
const HEADS_BYTES = 3;
/** What a value may take beyond the limit of a state value. */
const EXTRA_BYTES = 16;

/** What the operations of one transaction return and emit: FORMATS `results`, encoded as it comes. */
export class ResultsWriter {
  /** Items `[module, topic, value]`. */
  readonly events: EncodedList = new EncodedList();
  readonly #values = new EncodedList();
  readonly #whole = new CborWriter();

  /** Operations that returned. */
  get valueCount(): number {
    return this.#values.count;
  }

  clear(): void {
    this.events.clear();
    this.#values.clear();
  }

  /**
   * Notes what an operation returned.
   * @param valueBytesMax - As the configuration has it.
   * @throws {OperationFailed} `RESULT_TOO_LARGE` also for a value nested too deeply, or that CBOR cannot carry.
   */
  returned(value: CborValue, valueBytesMax: number): void {
    writeBounded(this.#values, this.#values.items.length, value, valueBytesMax);
  }

  /** Notes an event; see `returned`. */
  emitted(module: string, topic: string, value: CborValue, valueBytesMax: number): void {
    const { items } = this.events;
    const start = items.length;
    items.array(3);
    items.text(module);
    items.text(topic);
    writeBounded(this.events, start, value, valueBytesMax);
  }

  /** The encoded results: a view, valid until the next call. */
  encoded(): Uint8Array {
    this.#whole.truncate(0);
    this.#whole.array(2);
    this.#values.writeTo(this.#whole);
    this.events.writeTo(this.#whole);
    return this.#whole.written;
  }
}

/** Writes a value and ends an item with it; where that cannot be, takes the item back, which begins at `start`. */
function writeBounded(list: EncodedList, start: number, value: CborValue, valueBytesMax: number): void {
  const { items } = list;
  const before = items.length;
  let isWritten = true;
  try {
    items.value(value, DEPTH);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    isWritten = false;
  }
  if (!isWritten || items.length - before + HEADS_BYTES > valueBytesMax + EXTRA_BYTES) {
    items.truncate(start);
    throw new OperationFailed('RESULT_TOO_LARGE');
  }
  list.close();
}
