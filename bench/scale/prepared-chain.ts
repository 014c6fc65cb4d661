import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Signer } from '@varve/crypto';
import { nodeId } from '@varve/encoding';
import {
  anchorOf,
  decodePayload,
  encodePayload,
  type Genesis,
  payloadIdOf,
  prepareTransaction,
  type SealedHeader,
  sealSignBytes,
} from '@varve/ledger';
import type { Ledger, StoreOperation } from '@varve/ledger/chain';
import { accountIdOf } from '@varve/modules';
import { STORE_FOLDER } from '../../apps/node/src/host/initialize.ts';
import { LevelStore } from '../../apps/node/src/storage/index.ts';
import { encodeHardState } from '../../packages/raft/src/codec.ts';
import { encodeEngineState, engineStateKey } from '../../packages/validator/src/engine-log.ts';
import { Journal } from '../../packages/validator/src/journal.ts';
import { instanceUnder } from '../../packages/validator/src/stored-instance.ts';
import { openLedger } from '../open-ledger.ts';
import type { PlannedTransaction } from './chain-plan.ts';

/** Block time between blocks; and how long each transaction is valid. */
export const BLOCK_MS = 1_000;
const VALID_MS = 60_000;
/** Random, for LevelDB compresses what it writes. */
const VALUE_BYTES = 100;
/** Written at once: each batch is synced. */
const BATCH_BYTES = 4 << 20;
/** All blocks are of one leader's term. */
const TERM = 1;

/** Whose chain it is, and who signs for it. */
export interface ChainKeys {
  readonly genesis: Genesis;
  readonly account: Signer;
  /** A quorum, each with its position in the configuration, ascending. */
  readonly sealers: readonly { readonly index: number; readonly signer: Signer }[];
}

/**
 * Executes planned blocks and writes what a validator under Raft would have after them, in a store that holds a fresh
 * chain. Every block is certified; transactions are really signed, but not verified here.
 */
export class PreparedChain {
  readonly #keys: ChainKeys;
  readonly #store: LevelStore;
  readonly #ledger: Ledger;
  readonly #epoch: { readonly number: number; readonly node: ReturnType<typeof nodeId> };
  #nonces = 0;

  private constructor(keys: ChainKeys, store: LevelStore, ledger: Ledger) {
    const [first] = keys.genesis.configuration.validators;
    if (first === undefined) throw new TypeError('a chain has validators');
    this.#keys = keys;
    this.#store = store;
    this.#ledger = ledger;
    this.#epoch = { number: TERM, node: nodeId(first.name) };
  }

  /** Fills the store of a data directory that was just initialized. @returns The height reached. */
  static async fill(
    directory: string,
    keys: ChainKeys,
    plan: Iterable<readonly PlannedTransaction[]>,
  ): Promise<number> {
    const store = await LevelStore.open(join(directory, STORE_FOLDER));
    try {
      const ledger = await openLedger(store, keys.genesis);
      const chain = new PreparedChain(keys, store, ledger);
      for (const transactions of plan) await chain.#block(transactions);
      await chain.#end();
      return ledger.tip.header.height;
    } finally {
      await store.close();
    }
  }

  async #block(planned: readonly PlannedTransaction[]): Promise<void> {
    const ledger = this.#ledger;
    const time = ledger.tip.header.time + BLOCK_MS;
    const index = ledger.applied + 1;
    const transactions = planned.map((one) => this.#transaction(one, time));
    const bytes = encodePayload({ index, epoch: this.#epoch, time, transactions });
    const execution = ledger.begin(decodePayload(bytes), () => true);
    execution.run(transactions.length);
    const failed = execution.executed.find(({ outcome }) => outcome.code !== 'OK');
    const block = ledger.finish(execution, { index, epoch: this.#epoch, payload: payloadIdOf(bytes), bytes });
    if (block === undefined || failed !== undefined || execution.skipped.length > 0)
      throw new TypeError(`a planned transaction failed: ${failed?.outcome.code ?? execution.skipped[0]?.code}`);
    ledger.certify(this.#certificate(block.sealed));
    if (ledger.records.pendingBytes >= BATCH_BYTES) await this.#flush();
  }

  #transaction(planned: PlannedTransaction, time: number): Uint8Array {
    const { account } = this.#keys;
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setUint32(0, ++this.#nonces);
    const nodes =
      planned.kind === 'create'
        ? Array.from({ length: planned.count }, (_node, i) => planned.from + i)
        : [planned.node];
    const body = {
      chainId: this.#ledger.chainId,
      account: accountIdOf(account.publicKey),
      nonce,
      validUntil: time + VALID_MS,
      operations: nodes.map((node) => ({
        module: 'coordination',
        method: planned.kind,
        arguments: [`/prepared-${node}`, randomBytes(VALUE_BYTES), ...(planned.kind === 'set' ? [null] : [])],
      })),
    };
    const { signedBytes, assemble } = prepareTransaction(body, account.publicKey);
    return assemble(account.sign(signedBytes)).bytes;
  }

  #certificate({ header, hash }: SealedHeader) {
    const { chainId, configurationHash, height } = header;
    const message = sealSignBytes(chainId, configurationHash, height, hash);
    const signatures = this.#keys.sealers.map(({ index, signer }) => ({
      validatorIndex: index,
      signature: signer.sign(message),
    }));
    return { height, blockHash: hash, configurationHash, signatures };
  }

  /** Raft's log is trimmed up to the tip, as it is on a validator that fetched the blocks from its peers. */
  async #end(): Promise<void> {
    const ledger = this.#ledger;
    const instance = instanceUnder(ledger, ledger.ruling);
    const engineState = encodeEngineState({
      hardState: encodeHardState({ term: TERM, votedFor: undefined }),
      anchor: anchorOf(ledger.tip),
    });
    ledger.records.put(engineStateKey(instance), engineState);
    const tipHeight = ledger.tip.header.height;
    new Journal(ledger.records, [], () => ({ instance, engineState, vouched: null, tipHeight })).append(0);
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const batch: StoreOperation[] = this.#ledger.records.takeBatch();
    await this.#store.commit(batch);
    this.#ledger.records.settle();
  }
}
