import { assert, type Configuration, type Epoch } from '@varve/consensus';
import {
  type BlockHash,
  type ChainId,
  type ConfigurationHash,
  fromHex,
  type Height,
  height,
  type PayloadId,
  type TransactionId,
} from '@varve/encoding';
import { type MerkleLog, type StateTree, type StateVersion, verifyInclusion } from '@varve/merkle';
import { type Certificate, encodeCertificate } from './certificate.ts';
import type { GenesisModule } from './chain-start.ts';
import { configurationHashOf, encodeConfiguration } from './configuration-codec.ts';
import type { ConfigurationHistory, RuledStretch } from './configuration-history.ts';
import { Execution, type ExecutionEnvironment } from './execution.ts';
import { chainIdOf, type Genesis } from './genesis.ts';
import { anchorOf, decodeHeader, type SealedHeader, sealHeader } from './header.ts';
import type { AccountDirectory, ChainView, StateEntry, StateReader } from './module.ts';
import type { PayloadContent } from './payload.ts';
import type { Place, TransactionPlaces } from './places.ts';
import { RecentIds } from './recent-ids.ts';
import {
  certificateKey,
  configurationKey,
  encodeTip,
  headerKey,
  heightOfKey,
  indexKey,
  payloadKey,
  TIP_KEY,
  undoKey,
  writtenIndex,
  writtenUndo,
} from './records.ts';
import { STATE_HISTORY_HEIGHTS, StateHistory } from './state-history.ts';
import { StateKey } from './state-key.ts';
import { StateRecords } from './state-records.ts';
import type { RecordStore } from './store.ts';
import { TIMERS_MODULE, type TimerIndex } from './timers.ts';
import type { Transaction } from './transaction.ts';

/** What a ledger stands on when it is opened; `loader.ts` makes it from a store. */
export interface LedgerParts {
  readonly genesis: Genesis;
  readonly records: RecordStore;
  /** Of all transactions up to the tip. */
  readonly places: TransactionPlaces;
  readonly modules: ReadonlyMap<string, GenesisModule>;
  readonly accounts: AccountDirectory;
  readonly tip: SealedHeader;
  readonly finalHeight: number;
  readonly applied: number;
  readonly history: MerkleLog;
  /** The state, at every height from the final one to the tip. */
  readonly state: StateTree;
  readonly timers: TimerIndex;
  readonly configurations: ConfigurationHistory;
  readonly rulesKnown: number;
  /** Absent: nothing is known of transactions up to the tip. */
  readonly recent?: RecentIds;
}

/** A block that was just executed. */
export interface ExecutedBlock {
  readonly sealed: SealedHeader;
  readonly execution: Execution;
}

/**
 * The chain and the state of one validator: executes payloads in the order given, makes blocks of them, and remembers
 * which are final. It writes records; when they are durable is its owner's business.
 */
export class Ledger implements StateReader {
  readonly chainId: ChainId;
  readonly genesis: Genesis;
  readonly records: RecordStore;
  readonly history: MerkleLog;
  readonly timers: TimerIndex;
  readonly configurations: ConfigurationHistory;
  readonly modules: ReadonlyMap<string, GenesisModule>;
  readonly accounts: AccountDirectory;
  /** The newest version of the execution rules that the program knows. */
  readonly rulesKnown: number;
  readonly #trees: StateHistory;
  readonly #state: StateRecords;
  readonly #places: TransactionPlaces;
  readonly #recent: RecentIds;
  readonly #organizations: readonly string[];
  #tip: SealedHeader;
  #finalHeight: number;
  #applied: number;
  #undoFloor: number;
  #accountsVersion = 0;

  constructor(parts: LedgerParts) {
    this.genesis = parts.genesis;
    this.chainId = chainIdOf(parts.genesis);
    this.records = parts.records;
    this.#places = parts.places;
    this.modules = parts.modules;
    this.accounts = parts.accounts;
    this.history = parts.history;
    this.timers = parts.timers;
    this.configurations = parts.configurations;
    this.rulesKnown = parts.rulesKnown;
    this.#organizations = parts.genesis.organizations.map((organization) => organization.name);
    this.#trees = new StateHistory(parts.state, parts.records);
    this.#state = new StateRecords(parts.records, this.#trees);
    this.#recent = parts.recent ?? new RecentIds(parts.tip.header.height === 0 ? 0 : parts.tip.header.time + 1);
    this.#tip = parts.tip;
    this.#finalHeight = parts.finalHeight;
    this.#applied = parts.applied;
    this.#undoFloor = Math.max(0, parts.finalHeight - STATE_HISTORY_HEIGHTS);
  }

  /** The newest executed block. */
  get tip(): SealedHeader {
    return this.#tip;
  }

  /** The highest certified height; block 0 is final by itself. */
  get finalHeight(): Height {
    return height(this.#finalHeight);
  }

  /** What rules now. The last block of a configuration hands over when it is certified, not before (DESIGN §2). */
  get configuration(): Configuration {
    return this.ruling.configuration;
  }

  get configurationHash(): ConfigurationHash {
    return this.ruling.hash;
  }

  /** The same, with the height where it began. */
  get ruling(): RuledStretch {
    return this.configurations.at(this.#finalHeight + 1);
  }

  /** Whether the tip is the last block of its configuration and not certified yet: nothing is executed on it. */
  get isHandingOver(): boolean {
    return this.configurations.newest.first > this.#finalHeight + 1;
  }

  /** Last engine index executed, with or without a block. */
  get applied(): number {
    return this.#applied;
  }

  /** Rises with every block that changes accounts: what was judged of senders before holds while it stays. */
  get accountsVersion(): number {
    return this.#accountsVersion;
  }

  get(module: string, key: Uint8Array): StateEntry | undefined {
    return this.entry(new StateKey(module, key));
  }

  /** The same for a key that is located already. */
  entry(key: StateKey): StateEntry | undefined {
    return this.#state.entry(key);
  }

  /** The state tree after block `at`: from the final height to the tip always, below where it is kept or was restored. */
  treeAt(at: number): StateVersion | undefined {
    return this.#trees.at(at);
  }

  /**
   * Makes sure of the state tree after block `at`, which may have to be restored from undo records.
   * @param keysMax - About how many keys to restore by this call: each takes some 10 µs.
   * @returns Whether `treeAt` has it; if not, the next call goes on.
   * @throws {LedgerError} `STATE_UNAVAILABLE` above the tip, below the heights kept, and where too much changed since.
   */
  restoreTree(at: number, keysMax: number): boolean {
    return this.#trees.restore(at, this.#finalHeight, keysMax);
  }

  /** Whether the block at `at` has this hash; known also where its record is damaged. */
  isBlock(at: number, hash: BlockHash): boolean {
    const { size } = this.history;
    if (at < 0 || at >= size) return false;
    return verifyInclusion(this.history.root(), fromHex(hash), at, size, this.history.inclusion(at, size));
  }

  /** Time of a block made of a payload with `payloadTime` on the tip. */
  blockTime(payloadTime: number): number {
    const { timeFloor } = this.next.configuration.parameters;
    const first = this.#tip.header.height === 0 || anchorOf(this.#tip).index === 0;
    return Math.max(payloadTime, this.#tip.header.time, first && timeFloor !== null ? timeFloor : 0);
  }

  /** Whether a block whose time is at least `time` − validityMs holds this transaction. */
  isKnown(id: TransactionId, time: number): boolean {
    const oldest = time - this.configurations.validityMsMax;
    if (!this.#recent.mayHold(id, oldest)) return false;
    const place = this.place(id);
    if (place === undefined) return false;
    // What an earlier configuration let live longer must not come back under a later one.
    return this.timeOf(place.height) >= oldest;
  }

  /** Whether a block may hold this transaction. `false` is certain, and most often found without the store. */
  mayHold({ id, validUntil }: Pick<Transaction, 'id' | 'validUntil'>): boolean {
    // No block that is older could have executed it.
    return this.#recent.mayHold(id, validUntil - this.configurations.validityMsMax);
  }

  /** Whether it is one of the last transactions, or begins as one of them does. */
  remembers(id: TransactionId): boolean {
    return this.#recent.mayHold(id, Number.POSITIVE_INFINITY);
  }

  /** Where a transaction stands. */
  place(id: TransactionId): Place | undefined {
    return this.#places.find(id);
  }

  /** Time of the block at `at`, which exists. */
  timeOf(at: number): number {
    if (at === this.#tip.header.height) return this.#tip.header.time;
    const body = this.records.get(headerKey(at));
    assert(body !== undefined, 'every height up to the tip has a header');
    return decodeHeader(body).header.time;
  }

  /** What rules the block that follows the tip. */
  get next(): RuledStretch {
    return this.configurations.at(this.#tip.header.height + 1);
  }

  get #view(): ChainView {
    return {
      chainId: this.chainId,
      configuration: this.next.configuration,
      organizations: this.#organizations,
      isBlock: (at, hash) => this.isBlock(at, hash),
    };
  }

  /** The rules of the next block, with `isSigned` for signatures. */
  environment(isSigned: (transaction: Transaction) => boolean): ExecutionEnvironment {
    return {
      chain: this.#view,
      modules: this.modules,
      accounts: this.accounts,
      isKnown: (id, time) => this.isKnown(id, time),
      isSigned,
    };
  }

  /**
   * Begins to execute a payload on the tip. `finish` must follow before the next.
   * @param decoded - The payload's transactions where the caller has decoded them, `undefined` for malformed ones.
   */
  begin(
    content: PayloadContent,
    isSigned: (transaction: Transaction) => boolean,
    decoded?: readonly (Transaction | undefined)[],
  ): Execution {
    assert(this.next.configuration.parameters.rules <= this.rulesKnown, 'blocks are executed by rules that are known');
    const time = this.blockTime(content.time);
    const point = { height: height(this.#tip.header.height + 1), time };
    return new Execution(content.transactions, point, this, this.timers.due(time), this.environment(isSigned), decoded);
  }

  /**
   * Makes the block of a payload that was executed to its end, or none where nothing came of it.
   * @param payload - Absent where the store holds its bytes already.
   */
  finish(
    execution: Execution,
    entry: { readonly index: number; readonly epoch: Epoch; readonly payload: PayloadId; readonly bytes?: Uint8Array },
  ): ExecutedBlock | undefined {
    assert(!this.isHandingOver, 'no block stands on an uncertified last one of a configuration');
    assert(entry.index > this.#applied, 'entries are executed in order, each once');
    this.#applied = entry.index;
    if (!execution.makesBlock) {
      this.#writeTip();
      return undefined;
    }
    const next = execution.nextConfiguration;
    const sealed = this.#header(execution, entry, next);
    this.#writeBlock(sealed, execution);
    if (entry.bytes) this.records.put(payloadKey(entry.payload), entry.bytes);
    this.history.append(fromHex(sealed.hash));
    if (next) {
      this.records.put(configurationKey(execution.point.height), encodeConfiguration(next));
      this.configurations.add(execution.point.height, next);
    }
    this.#tip = sealed;
    this.#writeTip();
    return { sealed, execution };
  }

  /** An entry without payload was passed. */
  advance(index: number): void {
    assert(index > this.#applied, 'entries are passed in order, each once');
    this.#applied = index;
    this.#writeTip();
  }

  /**
   * Keeps a certificate of a block of this chain; the caller has verified it. A certificate above the final height
   * makes its block final, and all below.
   */
  certify(certificate: Certificate): void {
    assert(certificate.height <= this.#tip.header.height, 'only executed blocks are certified');
    this.records.put(certificateKey(certificate.height), encodeCertificate(certificate));
    if (certificate.height <= this.#finalHeight) return;
    // The next engine counts from 1; the tip record that says so is written together with the certificate.
    if (this.isHandingOver && certificate.height === this.#tip.header.height) this.#applied = 0;
    this.#finalHeight = certificate.height;
    this.#trees.trim(this.#finalHeight);
    const floor = this.#finalHeight - STATE_HISTORY_HEIGHTS;
    for (; this.#undoFloor < floor; this.#undoFloor++) this.records.delete(undoKey(this.#undoFloor));
    this.#writeTip();
  }

  /** While blocks are executed again: the tip is known to be final, and so may be the last of its configuration. */
  passFinal(): void {
    if (this.isHandingOver) this.#applied = 0;
    this.#finalHeight = this.#tip.header.height;
    this.#trees.trim(this.#finalHeight);
  }

  /** After a rebuild from blocks: how far certificates and the engine had come. */
  restoreProgress(finalHeight: number, applied: number): void {
    this.#finalHeight = finalHeight;
    this.#trees.trim(finalHeight);
    assert(this.#trees.reach(finalHeight), 'blocks that were just executed can be undone');
    this.#applied = applied;
    this.#undoFloor = Math.max(0, finalHeight - STATE_HISTORY_HEIGHTS);
    this.#writeTip();
  }

  #header(
    execution: Execution,
    entry: { index: number; epoch: Epoch; payload: PayloadId },
    nextConfiguration: Configuration | undefined,
  ): SealedHeader {
    const { hash: configurationHash } = this.next;
    return sealHeader({
      chainId: this.chainId,
      height: execution.point.height,
      parentHash: this.#tip.hash,
      index: entry.index,
      epoch: entry.epoch,
      time: execution.point.time,
      configurationHash,
      nextConfigurationHash: nextConfiguration ? configurationHashOf(nextConfiguration) : configurationHash,
      payloadHash: entry.payload,
      transactionsRoot: execution.transactionsRoot,
      transactionCount: execution.executed.length,
      stateRoot: this.#state.apply(execution.changes()),
      historyRoot: this.history.root(),
    });
  }

  #writeBlock(sealed: SealedHeader, execution: Execution): void {
    const at = sealed.header.height;
    const position = new Uint8Array(8);
    new DataView(position.buffer).setBigUint64(0, BigInt(at));
    this.records.put(headerKey(at), sealed.bytes);
    this.records.put(heightOfKey(sealed.hash), position);
    this.records.put(indexKey(at), writtenIndex(execution.timerEvents, execution.leaves));
    this.records.put(undoKey(at), writtenUndo(execution.changes()));
    this.#recent.advance(sealed.header.time, sealed.header.time - this.configurations.validityMsMax);
    this.#places.append(at, execution.executed);
    for (const { id } of execution.executed) this.#recent.add(id);
    for (const { module, key, after } of execution.changes()) {
      if (module === this.accounts.module) this.#accountsVersion += 1;
      if (module === TIMERS_MODULE) this.timers.apply(key, after !== undefined);
    }
  }

  #writeTip(): void {
    this.records.put(
      TIP_KEY,
      encodeTip({
        height: this.#tip.header.height,
        blockHash: fromHex(this.#tip.hash),
        finalHeight: this.#finalHeight,
        applied: this.#applied,
      }),
    );
  }
}
