import { assert } from '@varve/consensus';
import { fromHex } from '@varve/encoding';
import {
  type AccountDirectory,
  anchorOf,
  type Genesis,
  RULES_KNOWN,
  type SealedHeader,
  stateTreeKey,
  stateTreeValue,
} from '@varve/ledger';
import {
  ConfigurationHistory,
  type ExecutedBlock,
  type Execution,
  firstBlock,
  type GenesisModule,
  headerKey,
  initialRecords,
  Ledger,
  RecordStore,
  type StoreOperation,
  TIMERS_MODULE,
  TimerIndex,
} from '@varve/ledger/chain';
import { MerkleLog, StateTree } from '@varve/merkle';
import { BlockHashes } from './block-hashes.ts';
import type { OpenedPayload } from './copied-block.ts';
import { MemoryRecords } from './memory-records.ts';

/** What gives operations their meaning. */
export interface ReplaySurroundings {
  readonly modules: ReadonlyMap<string, GenesisModule>;
  readonly accounts: AccountDirectory;
}

/** Where an execution stands. */
export interface ReplayPlace {
  readonly memory: MemoryRecords;
  readonly tip: SealedHeader;
  readonly hashes: BlockHashes;
  readonly configurations: ConfigurationHistory;
}

/** What came of one payload. */
export interface ReplayedBlock {
  /** Absent where nothing came of it, so that there must be no block. */
  readonly made: ExecutedBlock | undefined;
  readonly execution: Execution;
  /** All that a node writes for it, with checksums. */
  readonly written: readonly StoreOperation[];
}

/** A ledger in memory that executes the blocks of a copy again, and owes nothing to what the copy derived from them. */
export class Replay {
  readonly genesis: Genesis;
  readonly memory: MemoryRecords;
  /** Of the chain as it was executed. */
  readonly hashes: BlockHashes;
  readonly #surroundings: ReplaySurroundings;
  /** Of the tip alone. */
  readonly #state: StateTree;
  readonly #records: RecordStore;
  #ledger: Ledger;

  private constructor(
    genesis: Genesis,
    surroundings: ReplaySurroundings,
    { memory, hashes }: ReplayPlace,
    state: StateTree,
    ledger: Ledger,
  ) {
    this.genesis = genesis;
    this.memory = memory;
    this.hashes = hashes;
    this.#surroundings = surroundings;
    this.#state = state;
    this.#records = ledger.records;
    this.#ledger = ledger;
  }

  /** Stands at block 0. */
  static begin(genesis: Genesis, surroundings: ReplaySurroundings): Replay {
    const modules = [...surroundings.modules.values()];
    const memory = new MemoryRecords();
    memory.commit(initialRecords(genesis, modules, new Uint8Array()));
    const tip = firstBlock(genesis, modules);
    const hashes = new BlockHashes(fromHex(tip.hash));
    const configurations = new ConfigurationHistory(genesis.configuration);
    return Replay.resume(genesis, surroundings, { memory, tip, hashes, configurations });
  }

  /** Stands at the block whose state `memory` holds. */
  static resume(genesis: Genesis, surroundings: ReplaySurroundings, at: ReplayPlace): Replay {
    const timers = new TimerIndex();
    const state = new StateTree();
    for (const { module, key, value } of at.memory.stateEntries()) {
      if (module === TIMERS_MODULE) timers.apply(key, true);
      state.stage(stateTreeKey(module, key), stateTreeValue(value));
    }
    const { height } = at.tip.header;
    state.commit(height);
    const history = new MerkleLog();
    for (let i = 0; i <= height; i++) history.append(at.hashes.bytes.subarray(32 * i, 32 * (i + 1)));
    const ledger = new Ledger({
      ...surroundings,
      genesis,
      records: new RecordStore(at.memory),
      places: at.memory,
      tip: at.tip,
      finalHeight: height,
      applied: anchorOf(at.tip).index,
      history,
      state,
      timers,
      configurations: at.configurations,
      rulesKnown: RULES_KNOWN,
    });
    return new Replay(genesis, surroundings, at, state, ledger);
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Root of the state after the tip. */
  get stateRoot(): Uint8Array {
    const version = this.#state.at(this.#state.newest);
    assert(version !== undefined, 'the tip has a state tree');
    return version.root;
  }

  /** Executes the payload of the block that `sealed` heads; its index must be above all before. */
  execute(sealed: SealedHeader, opened: OpenedPayload): ReplayedBlock {
    const ledger = this.#ledger;
    const { index, epoch, payloadHash } = sealed.header;
    const execution = ledger.begin(opened.content, opened.isSigned, opened.decoded);
    execution.run(Number.MAX_SAFE_INTEGER);
    const made = ledger.finish(execution, { index, epoch, payload: payloadHash });
    // What has a block on it has handed over, and its state alone is asked for.
    if (made) ledger.restoreProgress(made.sealed.header.height, anchorOf(made.sealed).index);
    while (this.#state.oldest < this.#state.newest) this.#state.dropOldest();
    const written = this.#flush();
    if (made) {
      const { height, time } = made.sealed.header;
      this.hashes.set(height, fromHex(made.sealed.hash));
      const transactions = execution.executed.map(({ id }) => id);
      this.memory.note({ height, until: time + ledger.configurations.validityMsMax, transactions }, time);
    }
    return { made, execution, written };
  }

  /** Goes on from the copy's own block instead of the one that execution gave: the blocks above stand on it. */
  adopt(sealed: SealedHeader): void {
    const { history, timers, configurations } = this.#ledger;
    const { height } = sealed.header;
    history.truncate(height);
    history.append(fromHex(sealed.hash));
    this.hashes.set(height, fromHex(sealed.hash));
    this.#records.put(headerKey(height), sealed.bytes);
    this.#flush();
    this.#ledger = new Ledger({
      ...this.#surroundings,
      genesis: this.genesis,
      records: this.#records,
      places: this.memory,
      tip: sealed,
      finalHeight: height,
      applied: anchorOf(sealed).index,
      history,
      state: this.#state,
      timers,
      configurations,
      rulesKnown: RULES_KNOWN,
    });
  }

  #flush(): StoreOperation[] {
    const written = this.#records.takeBatch();
    this.memory.commit(written);
    this.#records.settle();
    return written;
  }
}
