import type { Entry, Payload } from '@varve/consensus';
import { CborReader, encodeCbor, type InstanceId, toHex } from '@varve/encoding';
import { decodeEvidence, type EvidenceRecord, type Genesis, payloadIdOf } from '@varve/ledger';
import {
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
  unlessDamaged,
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
import {
  decodeJournalEntry,
  decodeJournalPlace,
  type JournalEntry,
  type JournalPlace,
  journalFault,
} from './journal.ts';
import { type ObserverOnly, readVoteRecord } from './observer-only.ts';
import { forgetInstance, freshInstance, type StoredInstance } from './stored-instance.ts';

/** What a store holds of a validator. */
export interface LoadedStore {
  readonly ledger: Ledger;
  readonly records: RecordStore;
  readonly report: LoadReport;
  /** Of the configuration that rules. */
  readonly instance: StoredInstance;
  readonly journal: readonly JournalPlace[];
  /** Damaged records are left out: peers give them again. */
  readonly evidence: readonly EvidenceRecord[];
  readonly observerOnly: ObserverOnly | undefined;
  /** Of which instance the newest journal entry is, where `observerOnly` was found by this very start. */
  readonly markedIn: InstanceId | undefined;
  /** How often this store was started, this time included. */
  readonly boots: number;
  /** Whatever `initialRecords` was given. */
  readonly identity: Uint8Array;
}

const BOOTS_KEY = metaKey('boots');

/** Rebuilds a validator from its records. Feed it every record of `ranges`, then `finish`. */
export class ValidatorLoader {
  static readonly ranges: readonly { readonly gte: Uint8Array; readonly lt: Uint8Array }[] = [
    ...LedgerLoader.ranges,
    kindRange(RECORD_KIND.journal),
    kindRange(RECORD_KIND.engineEntry),
    kindRange(RECORD_KIND.evidence),
  ];

  readonly #ledger = new LedgerLoader();
  /** `undefined` where an entry is damaged. */
  readonly #journal = new Map<number, JournalPlace | undefined>();
  #newest: { readonly number: number; readonly key: Uint8Array; readonly record: Uint8Array } | undefined;
  /** By instance and index; `undefined` where an entry is damaged. */
  readonly #entries = new Map<InstanceId, Map<number, StoredEntry | undefined>>();
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
    const fresh = freshInstance(ledger);
    const { id } = fresh;
    const record = readVoteRecord(records);
    const freedAt = record?.freedAt ?? 0;
    const newest = this.#newestEntry(freedAt);
    const numbered = [...this.#journal.entries()].sort(([a], [b]) => a - b);
    const journal = numbered.flatMap(([number, place]) => (number > freedAt ? [place] : []));
    const state = this.#engineState(records, id);
    const engineState = state ?? fresh.engineState;
    const entries = this.#contiguous(id, engineState.anchor.index);
    const log = this.#withPayloads(records, entries);
    // The last batch of an instance may hold the certificate that ended it.
    const journaled = newest && newest.instance !== id ? this.#engineState(records, newest.instance) : state;
    const fault = this.#fault(journal, freedAt, newest, journaled) ?? faultOf(report);
    const vouched = newest?.instance === id ? (newest.vouched ?? undefined) : undefined;
    this.#forgetOthers(ledger, id, newest?.instance);
    const boots = readUint(records, BOOTS_KEY) + 1;
    records.put(BOOTS_KEY, encodeCbor(boots));
    const observerOnly = (record?.freedAt === undefined ? record?.mark : undefined) ?? fault;
    const isNew = observerOnly !== undefined && observerOnly === fault;
    return {
      ledger,
      records,
      report,
      instance: { id, engineState, isStored: state !== undefined, log, entries, vouched },
      journal: numbered.flatMap(([, place]) => place ?? []),
      evidence: this.#evidence.filter((one) => one !== undefined),
      observerOnly,
      // A damaged entry is of the present instance at most.
      markedIn: isNew && journal.length > 0 ? (newest?.instance ?? id) : undefined,
      boots,
      identity: records.get(metaKey('identity')) ?? new Uint8Array(),
    };
  }

  #addJournal(key: Uint8Array, record: Uint8Array): void {
    const number = parseNumber(key);
    this.#journal.set(number, tryRead(key, record, decodeJournalPlace));
    if (number > (this.#newest?.number ?? 0)) this.#newest = { number, key, record };
  }

  /** The entry of the last batch; where it cannot be read, its place in the journal cannot either. */
  #newestEntry(freedAt: number): JournalEntry | undefined {
    if (this.#newest === undefined || this.#newest.number <= freedAt) return undefined;
    const { number, key, record } = this.#newest;
    const entry = tryRead(key, record, decodeJournalEntry);
    if (entry === undefined) this.#journal.set(number, undefined);
    return entry;
  }

  #addEntry(key: Uint8Array, record: Uint8Array): void {
    const { instance, index } = parseEngineEntryKey(key);
    const entry = tryRead(key, record, (body) => decodeEntry(index, body));
    const entries = this.#entries.get(instance) ?? new Map<number, StoredEntry | undefined>();
    this.#entries.set(instance, entries);
    entries.set(index, entry);
  }

  /** Instances that ended, whose records a crash kept from being removed. */
  #forgetOthers(ledger: Ledger, present: InstanceId, journaled: InstanceId | undefined): void {
    const others = new Set([...this.#entries.keys(), ...(journaled ? [journaled] : [])]);
    others.delete(present);
    if (others.size === 0) return;
    const own = [...(this.#entries.get(present)?.values() ?? [])].flatMap((stored) => stored?.payload ?? []);
    for (const id of others) {
      const entries = this.#entries.get(id) ?? new Map<number, StoredEntry | undefined>();
      const anchorHeight = this.#engineState(ledger.records, id)?.anchor.height;
      forgetInstance(ledger, id, entries, anchorHeight, new Set(own));
    }
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
    const entries = this.#entries.get(instance) ?? new Map<number, StoredEntry | undefined>();
    const contiguous: StoredEntry[] = [];
    for (let index = anchor + 1; ; index++) {
      const entry = entries.get(index);
      if (entry === undefined && entries.has(index)) this.#entryFault = `the log entry at index ${index} is damaged`;
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

  #fault(
    journal: readonly (JournalPlace | undefined)[],
    freedAt: number,
    newest: JournalEntry | undefined,
    state: EngineState | undefined,
  ): ObserverOnly | undefined {
    const gap = journalFault(journal, freedAt);
    if (gap !== undefined) return { code: 'JOURNAL_GAP', reason: gap };
    if (this.#entryFault !== undefined) return { code: 'ENGINE_RECORD_DAMAGED', reason: this.#entryFault };
    const present = state && encodeEngineState(state);
    if (toHex(newest?.engineState ?? new Uint8Array()) !== toHex(present ?? new Uint8Array())) {
      return { code: 'JOURNAL_GAP', reason: "the engine's state is not that of the newest batch" };
    }
    return undefined;
  }
}

/** What this node said of blocks that are gone it cannot know any more. */
function faultOf({ lostFrom }: LoadReport): ObserverOnly | undefined {
  if (lostFrom === undefined) return undefined;
  return { code: 'BLOCKS_LOST', reason: `blocks from ${lostFrom} on are gone and are fetched again` };
}

function readPayload(records: RecordStore, id: Parameters<typeof payloadKey>[0]): Payload | undefined {
  const bytes = unlessDamaged(() => records.get(payloadKey(id)));
  return bytes && payloadIdOf(bytes) === id ? { id, bytes } : undefined;
}

function readUint(records: RecordStore, key: Uint8Array): number {
  const body = records.get(key);
  return body ? new CborReader(body).uint() : 0;
}

function tryRead<T>(key: Uint8Array, record: Uint8Array, decode: (body: Uint8Array) => T): T | undefined {
  try {
    return decode(unchecked(key, record));
  } catch {
    return undefined;
  }
}
