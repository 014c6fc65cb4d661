import { assert, type Configuration } from '@varve/consensus';
import { HASH_BYTES, sha256Into } from '@varve/crypto';
import { bytesEqual, fromHex, toHex } from '@varve/encoding';
import { MerkleLog, StateTree } from '@varve/merkle';
import { firstBlock, type GenesisModule, genesisState, initialEntry, STORE_FORMAT } from './chain-start.ts';
import { decodeConfiguration } from './configuration-codec.ts';
import { ConfigurationHistory } from './configuration-history.ts';
import { chainIdOf, decodeGenesis, type Genesis } from './genesis.ts';
import { anchorOf, decodeHeader, decodeHeaderLink, type HeaderLink, type SealedHeader } from './header.ts';
import { INDEX_SHAPE, IndexLayout, type IndexShape } from './index-layout.ts';
import { KeyList } from './key-list.ts';
import { Ledger } from './ledger.ts';
import { dropBlocks } from './lost-blocks.ts';
import type { AccountDirectory } from './module.ts';
import { decodePayload } from './payload.ts';
import { recentIdsAt } from './recent-start.ts';
import {
  decodeTip,
  headerKey,
  kindRange,
  metaKey,
  parseNumber,
  parseStateKey,
  payloadKey,
  RECORD_KIND,
  stateKey,
  TIP_KEY,
  type TipRecord,
} from './records.ts';
import { rulesFault } from './rules.ts';
import { encodeStateEntry, stateTreeKey, stateTreeValue } from './state.ts';
import { StateHistory } from './state-history.ts';
import { RecordDamaged, type RecordStore, unchecked, unlessDamaged } from './store.ts';
import { TIMERS_MODULE, TimerIndex } from './timers.ts';
import type { Transaction } from './transaction.ts';
import { TransactionIndex, transactionsOf } from './transaction-index.ts';

/** Why a store cannot be used. */
export type StoreErrors = {
  /** It was never initialized, or its first records are gone. */
  STORE_UNINITIALIZED: { reason: string };
  /** It belongs to another chain, format or node. */
  STORE_FOREIGN: { reason: string };
  /** Its records contradict each other and cannot be mended here. */
  STORE_DAMAGED: { reason: string };
  /** The next block is executed by rules that this program does not know. */
  RULES_UNKNOWN: { reason: string };
};

/** A store that must not be used as it is. */
export class StoreError<C extends keyof StoreErrors = keyof StoreErrors> extends Error {
  override readonly name = 'StoreError';
  readonly code: C;
  readonly details: StoreErrors[C];

  constructor(code: C, details: StoreErrors[C]) {
    super(`${code}: ${details.reason}`);
    this.code = code;
    this.details = details;
  }
}

/** The one that has a record for the place of each transaction. */
const FORMAT_WITHOUT_INDEX = 1;
/** Records of that format that one start removes; nobody reads those that are left to the next. */
const OLD_PLACES_PER_START: number = 2 ** 20;

/** What a loader finds wrong and how it was mended. */
export interface LoadReport {
  /** Heights whose header or payload must be fetched again from peers. */
  readonly damagedBlocks: ReadonlySet<number>;
  /** Whether all blocks were executed again, because a record made of them was damaged. */
  readonly stateRebuilt: boolean;
  /** Where blocks are gone that no record here names any more: the chain ends below this height and is fetched again. */
  readonly lostFrom: number | undefined;
}

/** The parts of the node that a ledger needs. */
export interface LedgerSurroundings {
  readonly modules: ReadonlyMap<string, GenesisModule>;
  readonly accounts: AccountDirectory;
  /** Judges signatures when blocks are executed again. */
  readonly isSigned: (transaction: Transaction) => boolean;
  /** Execute all blocks again and write everything derived from them anew. */
  readonly rebuild: boolean;
  /** The newest version of the execution rules that the program knows. */
  readonly rulesKnown: number;
  /** How the store's index of transactions is laid out, where not as all stores have it: tests have few transactions. */
  readonly index?: IndexShape;
}

/** Builds a ledger from the records of a store. Feed it every record of `LedgerLoader.ranges`, then `finish`. */
export class LedgerLoader {
  /** Which records to feed. */
  static readonly ranges: readonly { readonly gte: Uint8Array; readonly lt: Uint8Array }[] = [
    kindRange(RECORD_KIND.header),
    kindRange(RECORD_KIND.state),
    kindRange(RECORD_KIND.configuration),
    kindRange(RECORD_KIND.transaction),
  ];

  /** By height; `undefined` where a header is damaged. */
  readonly #links = new Map<number, HeaderLink | undefined>();
  readonly #state = new StateTree();
  readonly #value = new Uint8Array(HASH_BYTES);
  readonly #stateKeys = new KeyList();
  readonly #configurations: [number, Configuration][] = [];
  readonly #oldPlaceKeys = new KeyList();
  #oldPlaces = 0;
  readonly #timers = new TimerIndex();
  #stateDamaged = false;

  add(key: Uint8Array, record: Uint8Array): void {
    if (key[0] === RECORD_KIND.header) return this.#addHeader(key, record);
    if (key[0] === RECORD_KIND.state) return this.#addState(key, record);
    if (key[0] === RECORD_KIND.configuration) return this.#addConfiguration(key, record);
    if (key[0] === RECORD_KIND.transaction && this.#oldPlaces++ < OLD_PLACES_PER_START) this.#oldPlaceKeys.push(key);
  }

  /**
   * The ledger, with damaged state rebuilt from blocks.
   * @param expected - The genesis that the operator configured, where there is one.
   * @throws {StoreError}
   */
  finish(
    records: RecordStore,
    surroundings: LedgerSurroundings,
    expected: Genesis | undefined,
  ): { readonly ledger: Ledger; readonly report: LoadReport } {
    const { genesis, isOld } = this.#genesis(records, expected);
    for (const key of this.#oldPlaceKeys) records.delete(key);
    const layout = new IndexLayout(surroundings.index ?? INDEX_SHAPE);
    const tipBody = this.#required(records, TIP_KEY, 'the tip record');
    const tip = decodeTip(tipBody);
    this.#demandRules(genesis.configuration, tip.finalHeight, surroundings.rulesKnown);
    const damaged = new Set<number>();
    const history = this.#history(tip.height, tip.blockHash, damaged);
    // Nobody has to send the first block: it follows from the genesis document.
    if (damaged.delete(0)) records.put(headerKey(0), firstBlock(genesis, surroundings.modules.values()).bytes);
    const tipBytes = damaged.has(tip.height) ? undefined : records.get(headerKey(tip.height));
    const sealed = tipBytes && decodeHeader(tipBytes);
    const tree = this.#state.commit(tip.height);
    const common = { genesis, records, layout, ...surroundings };
    const isWhole = sealed !== undefined && bytesEqual(tree.root, sealed.header.stateRoot);
    if (!surroundings.rebuild && !this.#stateDamaged && isWhole && history !== undefined) {
      const configurations = new ConfigurationHistory(genesis.configuration);
      for (const [last, configuration] of this.#configurations) configurations.add(last, configuration);
      const known = unlessDamaged(() => {
        const places = isOld ? converted(records, layout, tip) : TransactionIndex.open(records, layout, tip.height);
        return { places, recent: recentIdsAt(records, places, sealed, configurations.validityMsMax) };
      });
      if (known && new StateHistory(this.#state, records).reach(tip.finalHeight)) {
        const ledger = new Ledger({
          ...common,
          ...known,
          tip: sealed,
          ...tip,
          history,
          state: this.#state,
          timers: this.#timers,
          configurations,
        });
        return { ledger, report: { damagedBlocks: damaged, stateRebuilt: false, lostFrom: undefined } };
      }
    }
    const ledger = this.#rebuild(common, tip, damaged);
    const { height: reached } = ledger.tip.header;
    const lostFrom = reached < tip.height ? reached + 1 : undefined;
    return { ledger, report: { damagedBlocks: new Set(), stateRebuilt: true, lostFrom } };
  }

  #addHeader(key: Uint8Array, record: Uint8Array): void {
    const link = unlessDamaged(() => decodeHeaderLink(unchecked(key, record)));
    this.#links.set(parseNumber(key), link);
  }

  #addState(key: Uint8Array, record: Uint8Array): void {
    this.#stateKeys.push(key);
    try {
      const body = unchecked(key, record);
      const parsed = parseStateKey(key);
      sha256Into(this.#value, body);
      this.#state.stage(stateTreeKey(parsed.module, parsed.key), this.#value);
      if (parsed.module === TIMERS_MODULE) this.#timers.apply(parsed.key.slice(), true);
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error;
      this.#stateDamaged = true;
    }
  }

  #addConfiguration(key: Uint8Array, record: Uint8Array): void {
    try {
      this.#configurations.push([parseNumber(key), decodeConfiguration(unchecked(key, record))]);
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error;
      // Executing the block that made it writes it anew.
      this.#stateDamaged = true;
    }
  }

  #genesis(records: RecordStore, expected: Genesis | undefined): { genesis: Genesis; isOld: boolean } {
    const format = records.get(metaKey('format'));
    if (format === undefined) throw new StoreError('STORE_UNINITIALIZED', { reason: 'there is no format record' });
    const isOld = format[0] === FORMAT_WITHOUT_INDEX;
    if (format.length !== 1 || (format[0] !== STORE_FORMAT && !isOld)) {
      throw new StoreError('STORE_FOREIGN', { reason: `the store has format ${toHex(format)}, not ${STORE_FORMAT}` });
    }
    const genesis = decodeGenesis(this.#required(records, metaKey('genesis'), 'the genesis record'));
    if (expected !== undefined && chainIdOf(expected) !== chainIdOf(genesis)) {
      throw new StoreError('STORE_FOREIGN', {
        reason: `the store is of chain ${chainIdOf(genesis)}, the genesis document of chain ${chainIdOf(expected)}`,
      });
    }
    return { genesis, isOld };
  }

  /** A configuration that does not rule yet asks for nothing: its last block before is still to be sealed. */
  #demandRules(genesis: Configuration, finalHeight: number, known: number): void {
    for (const [last, configuration] of [[-1, genesis] as const, ...this.#configurations]) {
      const fault = last <= finalHeight ? rulesFault(configuration, last + 1, known) : undefined;
      if (fault !== undefined) throw new StoreError('RULES_UNKNOWN', { reason: fault });
    }
  }

  #required(records: RecordStore, key: Uint8Array, what: string): Uint8Array {
    let body: Uint8Array | undefined;
    try {
      body = records.get(key);
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error;
      throw damagedStore(`${what} is damaged`);
    }
    if (body === undefined) throw damagedStore(`${what} is missing`);
    return body;
  }

  /**
   * Block hashes from 0 to the tip; where a header is damaged its child or the tip record names the hash.
   * @returns `undefined` where two in a row are damaged, since nothing names the lower one; and where one is not there
   *   at all: the batch that wrote it is lost, and with it what no other record tells of, such as the places of its
   *   transactions.
   */
  #history(tipHeight: number, tipHash: Uint8Array, damaged: Set<number>): MerkleLog | undefined {
    const hashes: (Uint8Array | undefined)[] = [];
    let expected: Uint8Array | undefined = tipHash;
    let isBatchLost = false;
    for (let at = tipHeight; at >= 0; at--) {
      const found = this.#links.get(at);
      if (at > 0 && !this.#links.has(at)) isBatchLost = true;
      if (found === undefined || (expected !== undefined && !bytesEqual(found.hash, expected))) damaged.add(at);
      hashes.push(expected ?? found?.hash);
      expected = damaged.has(at) ? undefined : found?.parentHash;
    }
    if (isBatchLost) return undefined;
    const history = new MerkleLog();
    for (const hash of hashes.reverse()) {
      if (hash === undefined) return undefined;
      history.append(hash);
    }
    return history;
  }

  /** Executes every block again on the genesis state, up to the first that is not whole: from there on they are lost. */
  #rebuild(
    common: { genesis: Genesis; records: RecordStore; layout: IndexLayout } & LedgerSurroundings,
    tip: TipRecord,
    damaged: ReadonlySet<number>,
  ): Ledger {
    const { genesis, records, modules } = common;
    for (const key of this.#stateKeys) records.delete(key);
    records.put(metaKey('format'), Uint8Array.of(STORE_FORMAT));
    const places = TransactionIndex.begin(records, common.layout, tip.height);
    const state = new StateTree();
    const timers = new TimerIndex();
    for (const entry of genesisState(genesis, modules.values())) {
      const initial = initialEntry(entry);
      records.put(stateKey(entry.module, entry.key), encodeStateEntry(initial));
      state.stage(stateTreeKey(entry.module, entry.key), stateTreeValue(initial));
    }
    const first = firstBlock(genesis, modules.values());
    const history = new MerkleLog();
    history.append(fromHex(first.hash));
    state.commit(0);
    const configurations = new ConfigurationHistory(genesis.configuration);
    const start = { places, tip: first, finalHeight: 0, applied: 0, history, state, timers, configurations };
    const ledger = new Ledger({ ...common, ...start });
    for (let at = 1; at <= tip.height; at++) {
      const block = damaged.has(at) ? undefined : blockOf(records, at);
      if (block === undefined) return cutBack(ledger, tip);
      // What has a block on it, or is known to be final, has handed over.
      ledger.passFinal();
      executeAgain(ledger, block, common.isSigned);
    }
    assert(bytesEqual(fromHex(ledger.tip.hash), tip.blockHash), 'executing the same blocks gives the same tip');
    ledger.restoreProgress(tip.finalHeight, tip.applied);
    return ledger;
  }
}

/** The index of a store of format 1, made from the outcomes of its blocks. */
function converted(records: RecordStore, layout: IndexLayout, tip: TipRecord): TransactionIndex {
  const places = TransactionIndex.begin(records, layout, tip.height);
  for (let at = 1; at <= tip.height; at++) places.append(at, transactionsOf(records, at));
  records.put(metaKey('format'), Uint8Array.of(STORE_FORMAT));
  return places;
}

/** A block to execute again. */
interface StoredBlock {
  readonly sealed: SealedHeader;
  readonly payload: Uint8Array;
}

/** `undefined` where a record of it is damaged or gone. */
function blockOf(records: RecordStore, at: number): StoredBlock | undefined {
  const bytes = unlessDamaged(() => records.get(headerKey(at)));
  const sealed = bytes && decodeHeader(bytes);
  const payload = sealed && unlessDamaged(() => records.get(payloadKey(sealed.header.payloadHash)));
  return sealed && payload && { sealed, payload };
}

function executeAgain(
  ledger: Ledger,
  { sealed, payload }: StoredBlock,
  isSigned: (transaction: Transaction) => boolean,
): void {
  const execution = ledger.begin(decodePayload(payload), isSigned);
  execution.run(Number.MAX_SAFE_INTEGER);
  const { index, epoch, payloadHash, height } = sealed.header;
  const made = ledger.finish(execution, { index, epoch, payload: payloadHash });
  if (made?.sealed.hash !== sealed.hash) throw damagedStore(`executing height ${height} again gives another block`);
}

/** The chain goes on from here with what peers have. What was final up to here stays so. */
function cutBack(ledger: Ledger, tip: TipRecord): Ledger {
  const { header } = ledger.tip;
  const finalHeight = Math.min(tip.finalHeight, header.height);
  const hasHandedOver = finalHeight === header.height && anchorOf(ledger.tip).index === 0;
  dropBlocks(ledger.records, header.height + 1, tip.height);
  ledger.restoreProgress(finalHeight, hasHandedOver ? 0 : header.index);
  return ledger;
}

function damagedStore(reason: string): StoreError {
  return new StoreError('STORE_DAMAGED', { reason });
}
