import { type CborValue, type NodeId, nodeId } from '@varve/encoding';
import { OperationFailed } from '@varve/ledger';

/** Reads the arguments of an operation one after another; whatever does not fit fails it with `ARGUMENTS_MALFORMED`. */
export class Arguments {
  readonly #values: readonly CborValue[];
  #position = 0;

  constructor(values: readonly CborValue[]) {
    this.#values = values;
  }

  /** A byte string; `length` demands its exact number of bytes. */
  bytes(length?: number): Uint8Array {
    const value = this.#next();
    if (!(value instanceof Uint8Array)) throw malformed(`argument ${this.#position} is not a byte string`);
    if (length !== undefined && value.length !== length)
      throw malformed(`argument ${this.#position} is not ${length} bytes`);
    return value;
  }

  text(): string {
    const value = this.#next();
    if (typeof value !== 'string') throw malformed(`argument ${this.#position} is not text`);
    return value;
  }

  /** A `name` of FORMATS: 1 to 32 of `a-z`, `0-9` and `-`. */
  name(): NodeId {
    const text = this.text();
    try {
      return nodeId(text);
    } catch {
      throw malformed(`argument ${this.#position} is not a name`);
    }
  }

  uint(): number {
    const value = this.#next();
    if (typeof value !== 'number') throw malformed(`argument ${this.#position} is not an unsigned integer`);
    return value;
  }

  boolean(): boolean {
    const value = this.#next();
    if (typeof value !== 'boolean') throw malformed(`argument ${this.#position} is neither true nor false`);
    return value;
  }

  /** What `read` reads, or `absent` where no argument is left. */
  optional<T>(read: () => T, absent: T): T {
    return this.#position < this.#values.length ? read() : absent;
  }

  /** `null` or what `read` reads. */
  nullable<T>(read: () => T): T | null {
    if (this.#values[this.#position] !== null) return read();
    this.#position += 1;
    return null;
  }

  list(): readonly CborValue[] {
    const value = this.#next();
    if (!isList(value)) throw malformed(`argument ${this.#position} is not an array`);
    return value;
  }

  /** Demands that no argument is left. */
  end(): void {
    if (this.#position !== this.#values.length)
      throw malformed(`${this.#values.length} arguments instead of ${this.#position}`);
  }

  #next(): CborValue {
    const value = this.#values[this.#position];
    if (value === undefined) throw malformed(`only ${this.#values.length} arguments`);
    this.#position += 1;
    return value;
  }
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

function malformed(message: string): OperationFailed {
  return new OperationFailed('ARGUMENTS_MALFORMED', message);
}
