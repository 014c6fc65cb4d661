import { type Anchor, assert, type Entry, type Payload, type Write } from '@varve/consensus';
import {
  type BlockHash,
  CborReader,
  type CborValue,
  concatBytes,
  encodeCbor,
  fromHex,
  type InstanceId,
  type PayloadId,
  payloadId,
  toHex,
} from '@varve/encoding';
import { epochValue, readEpoch, readingAs } from '@varve/ledger';
import { payloadKey, RECORD_KIND, type RecordStore } from '@varve/ledger/chain';
import { forgetInstance, type StoredInstance } from './stored-instance.ts';

/** What a store holds of an engine beside its entries. */
export interface EngineState {
  readonly hardState: Uint8Array | undefined;
  readonly anchor: Anchor;
}

/** An entry as stored: its payload stands in a record of its own. */
export interface StoredEntry {
  readonly entry: Omit<Entry, 'payload'>;
  readonly payload: PayloadId | undefined;
}

export function engineStateKey(instance: InstanceId): Uint8Array {
  return concatBytes(Uint8Array.of(RECORD_KIND.engineState), fromHex(instance));
}

export function engineEntryKey(instance: InstanceId, index: number): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(index));
  return concatBytes(Uint8Array.of(RECORD_KIND.engineEntry), fromHex(instance), number);
}

/** Instance and index of an entry's key. */
export function parseEngineEntryKey(key: Uint8Array): { readonly instance: InstanceId; readonly index: number } {
  return {
    instance: toHex(key.subarray(1, 33)) as InstanceId,
    index: Number(new DataView(key.buffer, key.byteOffset + 33, 8).getBigUint64(0)),
  };
}

export function encodeEngineState(state: EngineState): Uint8Array {
  const { index, epoch, height, blockHash } = state.anchor;
  const anchor: CborValue = [index, epochValue(epoch), height, fromHex(blockHash)];
  return encodeCbor([state.hardState ?? null, anchor]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeEngineState(bytes: Uint8Array): EngineState {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(2);
    const hardState = reader.nullable((inner) => inner.byteString()) ?? undefined;
    reader.array(4);
    const anchor = {
      index: reader.uint(),
      epoch: readEpoch(reader),
      height: reader.uint(),
      blockHash: toHex(reader.byteString(32)) as BlockHash,
    };
    reader.end();
    return { hardState, anchor };
  });
}

function encodeEntry(entry: Entry): Uint8Array {
  return encodeCbor([epochValue(entry.epoch), entry.payload ? fromHex(entry.payload.id) : null, entry.proof ?? null]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeEntry(index: number, bytes: Uint8Array): StoredEntry {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    const epoch = readEpoch(reader);
    const id = reader.nullable((inner) => inner.byteString(32));
    const proof = reader.nullable((inner) => inner.byteString());
    reader.end();
    return {
      entry: { index, epoch, ...(proof && { proof }) },
      payload: id === null ? undefined : payloadId(toHex(id)),
    };
  });
}

/** The stored log of one engine instance: applies the engine's writes to records. */
export class EngineLog {
  readonly instance: InstanceId;
  readonly #records: RecordStore;
  readonly #applied: () => number;
  readonly #payloads = new Map<number, PayloadId | undefined>();
  readonly #blockless = new Set<PayloadId>();
  #state: EngineState;
  #stateBytes: Uint8Array | undefined;

  /** @param applied - The last index executed: payloads up to it may belong to blocks. */
  constructor(records: RecordStore, stored: StoredInstance, applied: () => number) {
    this.#records = records;
    this.#applied = applied;
    this.instance = stored.id;
    this.#state = stored.engineState;
    this.#stateBytes = stored.isStored ? encodeEngineState(stored.engineState) : undefined;
    for (const { entry, payload } of stored.entries) this.#payloads.set(entry.index, payload);
  }

  /** The state record as last written. */
  get stateBytes(): Uint8Array | undefined {
    return this.#stateBytes;
  }

  apply(write: Write<unknown>): void {
    if (write.truncateFrom !== undefined) this.#truncate(write.truncateFrom);
    for (const entry of write.append) this.#append(entry);
    if (write.hardState === undefined && write.anchor === undefined) return;
    if (write.anchor) this.#trim(write.anchor);
    this.#state = { hardState: write.hardState ?? this.#state.hardState, anchor: write.anchor ?? this.#state.anchor };
    this.#stateBytes = encodeEngineState(this.#state);
    this.#records.put(engineStateKey(this.instance), this.#stateBytes);
  }

  /** Sees to it that another batch, and so another journal entry, is written. */
  ensureBatch(): void {
    if (this.#records.hasPending || this.#stateBytes === undefined) return;
    this.#records.put(engineStateKey(this.instance), this.#stateBytes);
  }

  /** The payload made no block: nothing needs its bytes once its entry is trimmed. */
  noteBlockless(payload: PayloadId): void {
    this.#blockless.add(payload);
  }

  /** The configuration ended with the entry at `lastIndex`: its certificate is durable, and the next engine begins. */
  clear(lastIndex: number): void {
    forgetInstance(this.#records, this.instance, this.#payloads, lastIndex);
    this.#payloads.clear();
    this.#stateBytes = undefined;
  }

  /** A payload this store holds. */
  payload(id: PayloadId): Payload | undefined {
    const bytes = this.#records.get(payloadKey(id));
    return bytes && { id, bytes };
  }

  #append(entry: Entry): void {
    assert(!this.#payloads.has(entry.index), 'an entry is appended where none is');
    this.#payloads.set(entry.index, entry.payload?.id);
    this.#records.put(engineEntryKey(this.instance, entry.index), encodeEntry(entry));
    if (entry.payload) this.#records.put(payloadKey(entry.payload.id), entry.payload.bytes);
  }

  #truncate(from: number): void {
    for (let index = from; this.#payloads.has(index); index++) {
      const payload = this.#payloads.get(index);
      this.#payloads.delete(index);
      this.#records.delete(engineEntryKey(this.instance, index));
      if (payload && index > this.#applied()) this.#records.delete(payloadKey(payload));
    }
  }

  #trim(anchor: Anchor): void {
    for (let index = this.#state.anchor.index + 1; index <= anchor.index; index++) {
      const payload = this.#payloads.get(index);
      if (this.#payloads.delete(index)) this.#records.delete(engineEntryKey(this.instance, index));
      if (payload && this.#blockless.delete(payload)) this.#records.delete(payloadKey(payload));
    }
  }
}
