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
import { type Ledger, payloadKey, RECORD_KIND, type RecordStore } from '@varve/ledger/chain';
import { payloadsOfBlocks } from './block-payloads.ts';
import type { StoredInstance } from './stored-instance.ts';

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

/** The payload of an entry, and whether a block was made of it, as far as this run knows. */
interface HeldPayload {
  readonly id: PayloadId;
  madeBlock: boolean | undefined;
}

/** The stored log of one engine instance: applies the engine's writes to records. */
export class EngineLog {
  readonly instance: InstanceId;
  readonly #records: RecordStore;
  readonly #ledger: Ledger;
  readonly #payloads = new Map<number, HeldPayload | undefined>();
  #state: EngineState;
  #stateBytes: Uint8Array | undefined;

  constructor(records: RecordStore, stored: StoredInstance, ledger: Ledger) {
    this.#records = records;
    this.#ledger = ledger;
    this.instance = stored.id;
    this.#state = stored.engineState;
    this.#stateBytes = stored.isStored ? encodeEngineState(stored.engineState) : undefined;
    for (const { entry, payload } of stored.entries) this.#payloads.set(entry.index, held(payload));
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

  /** The entry was executed: a payload that made no block is needed by nothing once its entry is gone. */
  noteExecuted(index: number, payload: PayloadId, madeBlock: boolean): void {
    const entry = this.#payloads.get(index);
    if (entry?.id === payload) entry.madeBlock = madeBlock;
  }

  /**
   * The configuration ended with the block at `last`: its certificate is durable, and the next engine begins. Goes with
   * the entries: every payload that no block was made of.
   */
  clear(last: number): void {
    this.#records.delete(engineStateKey(this.instance));
    this.#remove([...this.#payloads.keys()], last);
    this.#stateBytes = undefined;
  }

  /** A payload this store holds. */
  payload(id: PayloadId): Payload | undefined {
    const bytes = this.#records.get(payloadKey(id));
    return bytes && { id, bytes };
  }

  #append(entry: Entry): void {
    assert(!this.#payloads.has(entry.index), 'an entry is appended where none is');
    this.#payloads.set(entry.index, held(entry.payload?.id));
    this.#records.put(engineEntryKey(this.instance, entry.index), encodeEntry(entry));
    if (entry.payload) this.#records.put(payloadKey(entry.payload.id), entry.payload.bytes);
  }

  #truncate(from: number): void {
    const { applied, tip } = this.#ledger;
    const indexes: number[] = [];
    for (let index = from; this.#payloads.has(index); index++) {
      const entry = this.#payloads.get(index);
      if (entry && index > applied) entry.madeBlock ??= false;
      indexes.push(index);
    }
    this.#remove(indexes, tip.header.height);
  }

  #trim(anchor: Anchor): void {
    const indexes: number[] = [];
    for (let index = this.#state.anchor.index + 1; index <= anchor.index; index++) {
      if (this.#payloads.has(index)) indexes.push(index);
    }
    this.#remove(indexes, anchor.height);
  }

  /** Removes entries, and the payloads of which none of the blocks above the anchor, up to `last`, was made. */
  #remove(indexes: readonly number[], last: number): void {
    const entries = indexes.map((index) => this.#payloads.get(index));
    for (const index of indexes) {
      this.#payloads.delete(index);
      this.#records.delete(engineEntryKey(this.instance, index));
    }
    const gone = entries.flatMap((entry) => (entry && entry.madeBlock !== true ? [entry] : []));
    // What came before this run, or was fetched as a block, only the headers know.
    const isClear = gone.every(({ madeBlock }) => madeBlock === false);
    const needed = isClear ? undefined : payloadsOfBlocks(this.#ledger, this.#state.anchor.height + 1, last);
    for (const { id, madeBlock } of gone) {
      if (madeBlock === false || needed?.has(id) === false) this.#records.delete(payloadKey(id));
    }
  }
}

function held(payload: PayloadId | undefined): HeldPayload | undefined {
  return payload && { id: payload, madeBlock: undefined };
}
