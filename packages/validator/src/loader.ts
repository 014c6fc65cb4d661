import { assert, type Entry, EPOCH_ZERO, type Payload, type Slot } from '@varve/consensus';
import { type BlockHash, CborReader, encodeCbor, fromHex, type InstanceId, toHex } from '@varve/encoding';
import {
  configurationHashOf,
  decodeEvidence,
  type EvidenceRecord,
  type Genesis,
  hashOf,
  payloadIdOf,
} from '@varve/ledger';
import {
  headerAt,
  kindRange,
  type Ledger,
  LedgerLoader,
  type LedgerSurroundings,
  type LoadReport,
  metaKey,
  parseNumber,
  payloadKey,
  RECORD_KIND,
  RecordDamaged,
  RecordStore,
  type Store,
  unchecked,
} from '@varve/ledger/chain';
import {
  decodeEngineState,
  decodeEntry,
  type EngineState,
  encodeEngineState,
  engineStateKey,
  parseEngineEntryKey,
  type StoredEntry,
} from './engine-log.ts';
import { decodeJournalEntry, type JournalEntry, journalFault } from './journal.ts';

/** Why a validator must not vote, seal or acknowledge any more: its memory of what it said may have holes. */
export interface ObserverOnly {
  readonly code: 'ENGINE_RECORD_DAMAGED' | 'JOURNAL_GAP' | 'STORE_ROLLED_BACK';
  readonly reason: string;
}

/** What a store holds of a validator. */
export interface LoadedStore {
  readonly ledger: Ledger;
  readonly records: RecordStore;
  readonly report: LoadReport;
  readonly instance: InstanceId;
  readonly engineState: EngineState;
  readonly engineStored: boolean;
  readonly log: readonly Entry[];
  readonly storedEntries: readonly StoredEntry[];
  readonly journal: readonly JournalEntry[];
  readonly vouched: Slot | undefined;
  /** Damaged records are left out: peers give them again. */
  readonly evidence: readonly EvidenceRecord[];
  readonly observerOnly: ObserverOnly | undefined;
  /** How often this store was started, this time included. */
  readonly boots: number;
  /** Whatever `initialRecords` was given. */
  readonly identity: Uint8Array;
}

/** Where the observer-only mark stands: it outlives the records that gave rise to it. */
const OBSERVER_ONLY_KEY = metaKey('observer-only');
const BOOTS_KEY = metaKey('boots');

/** One run of one engine: SHA-256(["varve/instance/1", chainId, configurationHash, anchorBlockHash]). */
export function instanceOf(chainId: string, configurationHash: string, anchorBlockHash: string): InstanceId {
  return toHex(
    hashOf(['varve/instance/1', fromHex(chainId), fromHex(configurationHash), fromHex(anchorBlockHash)]),
  ) as InstanceId;
}

/** Remembers in the store that its validator must not vote. */
export function markObserverOnly(records: RecordStore, mark: ObserverOnly): void {
  records.put(OBSERVER_ONLY_KEY, encodeCbor([mark.code, mark.reason]));
}

/** Rebuilds a validator from its records. Feed it every record of `ranges`, then `finish`. */
export class ValidatorLoader {
  static readonly ranges: readonly { readonly gte: Uint8Array; readonly lt: Uint8Array }[] = [
    ...LedgerLoader.ranges,
    kindRange(RECORD_KIND.journal),
    kindRange(RECORD_KIND.engineEntry),
    kindRange(RECORD_KIND.evidence),
  ];

  readonly #ledger = new LedgerLoader();
  readonly #journal = new Map<number, JournalEntry | undefined>();
  readonly #entries = new Map<InstanceId, Map<number, StoredEntry>>();
  readonly #evidence: (EvidenceRecord | undefined)[] = [];
  #entryFault: string | undefined;

  add(key: Uint8Array, record: Uint8Array): void {
    if (key[0] === RECORD_KIND.journal) return this.#addJournal(key, record);
    if (key[0] === RECORD_KIND.engineEntry) return this.#addEntry(key, record);
    if (key[0] === RECORD_KIND.evidence) return void this.#evidence.push(tryRead(key, record, decodeEvidence));
    this.#ledger.add(key, record);
  }

  /** @throws {StoreError} where the store cannot be used at all. */
  finish(store: Store, surroundings: LedgerSurroundings, expected: Genesis | undefined): LoadedStore {
    const records = new RecordStore(store);
    const { ledger, report } = this.#ledger.finish(records, surroundings, expected);
    // The present configuration is that of the genesis, so its engine started on block 0.
    const anchor = { index: 0, epoch: EPOCH_ZERO, height: 0, blockHash: blockZeroHash(ledger) };
    const instance = instanceOf(ledger.chainId, configurationHashOf(ledger.configuration), anchor.blockHash);
    const journal = [...this.#journal.entries()].sort(([a], [b]) => a - b).map(([, entry]) => entry);
    const state = this.#engineState(records, instance);
    const engineState = state ?? { hardState: undefined, anchor };
    const stored = this.#contiguous(instance, engineState.anchor.index);
    const log = this.#withPayloads(records, stored);
    const newest = journal.at(-1);
    const fault = this.#fault(journal, state);
    const boots = readUint(records, BOOTS_KEY) + 1;
    records.put(BOOTS_KEY, encodeCbor(boots));
    const observerOnly = readMark(records) ?? fault;
    if (observerOnly) markObserverOnly(records, observerOnly);
    return {
      ledger,
      records,
      report,
      instance,
      engineState,
      engineStored: state !== undefined,
      log,
      storedEntries: stored,
      journal: journal.filter((entry) => entry !== undefined),
      vouched: newest?.vouched ?? undefined,
      evidence: this.#evidence.filter((one) => one !== undefined),
      observerOnly,
      boots,
      identity: records.get(metaKey('identity')) ?? new Uint8Array(),
    };
  }

  #addJournal(key: Uint8Array, record: Uint8Array): void {
    const number = parseNumber(key);
    this.#journal.set(
      number,
      tryRead(key, record, (body) => decodeJournalEntry(body)),
    );
  }

  #addEntry(key: Uint8Array, record: Uint8Array): void {
    const { instance, index } = parseEngineEntryKey(key);
    const entry = tryRead(key, record, (body) => decodeEntry(index, body));
    if (entry === undefined) {
      this.#entryFault = `the log entry at index ${index} is damaged`;
      return;
    }
    const entries = this.#entries.get(instance) ?? new Map<number, StoredEntry>();
    this.#entries.set(instance, entries);
    entries.set(index, entry);
  }

  #engineState(records: RecordStore, instance: InstanceId): EngineState | undefined {
    try {
      const body = records.get(engineStateKey(instance));
      return body && decodeEngineState(body);
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error;
      this.#entryFault = "the engine's state record is damaged";
      return undefined;
    }
  }

  /** Entries after the anchor, in order; a hole ends them and is a fault. */
  #contiguous(instance: InstanceId, anchor: number): StoredEntry[] {
    const entries = this.#entries.get(instance) ?? new Map<number, StoredEntry>();
    const contiguous: StoredEntry[] = [];
    for (let index = anchor + 1; ; index++) {
      const entry = entries.get(index);
      if (entry === undefined) break;
      contiguous.push(entry);
    }
    if (contiguous.length !== entries.size) this.#entryFault ??= 'log entries are missing';
    return contiguous;
  }

  #withPayloads(records: RecordStore, stored: readonly StoredEntry[]): Entry[] {
    const log: Entry[] = [];
    for (const { entry, payload } of stored) {
      const found = payload && readPayload(records, payload);
      if (payload && !found) {
        this.#entryFault ??= `the payload of the log entry at index ${entry.index} is damaged`;
        break;
      }
      log.push(found ? { ...entry, payload: found } : entry);
    }
    return log;
  }

  #fault(journal: readonly (JournalEntry | undefined)[], state: EngineState | undefined): ObserverOnly | undefined {
    const gap = journalFault(journal);
    if (gap !== undefined) return { code: 'JOURNAL_GAP', reason: gap };
    if (this.#entryFault !== undefined) return { code: 'ENGINE_RECORD_DAMAGED', reason: this.#entryFault };
    const newest = journal.at(-1)?.engineState ?? null;
    const present = state && encodeEngineState(state);
    if (toHex(newest ?? new Uint8Array()) !== toHex(present ?? new Uint8Array())) {
      return { code: 'JOURNAL_GAP', reason: "the engine's state is not that of the newest batch" };
    }
    return undefined;
  }
}

function blockZeroHash(ledger: Ledger): BlockHash {
  const first = headerAt(ledger, 0);
  assert(first !== undefined, 'every chain has a block 0');
  return first.hash;
}

function readPayload(records: RecordStore, id: Parameters<typeof payloadKey>[0]): Payload | undefined {
  try {
    const bytes = records.get(payloadKey(id));
    return bytes && payloadIdOf(bytes) === id ? { id, bytes } : undefined;
  } catch (error) {
    if (error instanceof RecordDamaged) return undefined;
    throw error;
  }
}

function readUint(records: RecordStore, key: Uint8Array): number {
  const body = records.get(key);
  return body ? new CborReader(body).uint() : 0;
}

function readMark(records: RecordStore): ObserverOnly | undefined {
  const body = records.get(OBSERVER_ONLY_KEY);
  if (body === undefined) return undefined;
  const reader = new CborReader(body);
  reader.array(2);
  const code = reader.text();
  const reason = reader.text();
  if (code !== 'JOURNAL_GAP' && code !== 'STORE_ROLLED_BACK') return { code: 'ENGINE_RECORD_DAMAGED', reason };
  return { code, reason };
}

function tryRead<T>(key: Uint8Array, record: Uint8Array, decode: (body: Uint8Array) => T): T | undefined {
  try {
    return decode(unchecked(key, record));
  } catch {
    return undefined;
  }
}
