import { CborReader, type CborValue, compareBytes, encodeCbor } from '@varve/encoding';
import { readingAs } from './errors.ts';

/** The name under which timers stand in the state. No module may have it. */
export const TIMERS_MODULE = 'timers';
/** How many timers one block fires at most; the rest are due in the next. */
const TIMERS_PER_BLOCK_MAX = 1000;

/** A method to run at the start of the first block whose time is at least `dueTime`. */
export interface Timer {
  readonly dueTime: number;
  readonly module: string;
  readonly key: Uint8Array;
  readonly method: string;
  readonly arguments: readonly CborValue[];
}

/** State key of a timer: due time as 8 big-endian bytes, then CBOR `[module, key]`, so that keys sort by due time. */
export function timerStateKey(dueTime: number, module: string, key: Uint8Array): Uint8Array {
  const tail = encodeCbor([module, key]);
  const bytes = new Uint8Array(8 + tail.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dueTime));
  bytes.set(tail, 8);
  return bytes;
}

/** State value of a timer: CBOR `[method, arguments]`. */
export function timerStateValue(method: string, args: readonly CborValue[]): Uint8Array {
  return encodeCbor([method, args]);
}

/** Due time of a timer's state key. */
export function timerDueTime(stateKey: Uint8Array): number {
  return Number(new DataView(stateKey.buffer, stateKey.byteOffset, 8).getBigUint64(0));
}

/** The timer of a state key and value. */
export function readTimer(stateKey: Uint8Array, value: Uint8Array): Timer {
  return readingAs('RECORD_MALFORMED', () => {
    const tail = new CborReader(stateKey.subarray(8));
    tail.array(2);
    const module = tail.text();
    const key = tail.byteString();
    tail.end();
    const reader = new CborReader(value);
    reader.array(2);
    const method = reader.text();
    const args = reader.list((inner) => inner.value(2));
    reader.end();
    return { dueTime: timerDueTime(stateKey), module, key, method, arguments: args };
  });
}

/** State keys of all timers in order of due time, kept beside the state because stores are read by key only. */
export class TimerIndex {
  readonly #keys: Uint8Array[] = [];

  /** Follows a change of the state: call it for every changed key of `TIMERS_MODULE`. */
  apply(stateKey: Uint8Array, present: boolean): void {
    const at = this.#position(stateKey);
    const found = this.#keys[at];
    const known = found !== undefined && compareBytes(found, stateKey) === 0;
    if (present && !known) this.#keys.splice(at, 0, stateKey);
    if (!present && known) this.#keys.splice(at, 1);
  }

  /** State keys due at `time`, earliest first, at most `TIMERS_PER_BLOCK_MAX`. */
  due(time: number): readonly Uint8Array[] {
    const due: Uint8Array[] = [];
    for (const key of this.#keys) {
      if (due.length === TIMERS_PER_BLOCK_MAX || timerDueTime(key) > time) break;
      due.push(key);
    }
    return due;
  }

  /** Due time of the earliest timer. */
  next(): number | undefined {
    const first = this.#keys[0];
    return first && timerDueTime(first);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** The first position whose key is not below `stateKey`. */
  #position(stateKey: Uint8Array): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#keys[middle] as Uint8Array, stateKey) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
