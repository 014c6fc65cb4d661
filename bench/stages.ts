import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, sha256, verifySignatureNative } from '@varve/crypto';
import { BatchVerifier } from '@varve/crypto/batch';
import { height, nodeId, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  CONFIGURATION_PARENT_NONE,
  chainIdOf,
  decodePayload,
  decodeTransaction,
  encodePayload,
  type Genesis,
  PARAMETERS_DEFAULT,
  payloadIdOf,
  type Transaction,
} from '@varve/ledger';
import { initialRecords, type Ledger, type StoreOperation, skipCode } from '@varve/ledger/chain';
import { builtinModules } from '@varve/modules';
import { machineName } from '../apps/node/src/load/machine.ts';
import { median } from '../apps/node/src/load/statistics.ts';
import { type LoadOperation, TransactionMaker } from '../apps/node/src/load/transactions.ts';
import { LevelStore } from '../apps/node/src/storage/index.ts';
import { openLedger } from './open-ledger.ts';
import type { BenchOptions } from './options.ts';
import { inOwnProcess, ownCpuMicros } from './own-process.ts';

/** Transactions of a block, as under load; and of a batch of signatures. */
const BLOCK_TRANSACTIONS = 500;
const BLOCKS = 60;
/** Until the compiler has seen what runs hot. */
const WARM_UP_BLOCKS = 20;
const ACCOUNTS = 3;

const STAGES = ['decode', 'admit', 'verify', 'build', 'execute', 'finish', 'persist'] as const;
type Stage = (typeof STAGES)[number];

/** Processor time of one transaction in each stage, all threads together, microseconds. */
type StageReport = Readonly<Record<Stage | 'all', number>>;

/** What each stage of a validator costs, by its own classes in one process: no network, no HTTP, no engine. */
export function measureStages({ runs, json, transactionBytes, operation }: BenchOptions): void {
  const reports = Array.from({ length: runs }, () =>
    inOwnProcess<StageReport>(import.meta.filename, [String(transactionBytes), operation]),
  );
  const medians = Object.fromEntries(
    [...STAGES, 'all' as const].map((stage) => [stage, median(reports.map((report) => report[stage]))]),
  );
  const shape = { blocks: BLOCKS, blockTransactions: BLOCK_TRANSACTIONS, transactionBytes, operation, runs };
  if (json) console.log(JSON.stringify({ machine: machineName(), ...shape, micros: medians }, undefined, 2));
  else
    console.table(
      Object.fromEntries(
        Object.entries(medians).map(([stage, us]) => [stage, { 'µs each': Math.round(us * 10) / 10 }]),
      ),
    );
}

async function measured(transactionBytes: number, operation: LoadOperation): Promise<StageReport> {
  const signers = Array.from({ length: ACCOUNTS }, (_, i) => createSigner(sha256(utf8Encode(`bench ${i}`))));
  const genesis = genesisOf(signers.map(({ publicKey }) => publicKeyHex(toHex(publicKey))));
  const maker = new TransactionMaker(chainIdOf(genesis), signers, transactionBytes, operation);
  const folder = mkdtempSync(join(tmpdir(), 'varve-bench-stages-'));
  try {
    const store = await LevelStore.create(join(folder, 'store'));
    await store.commit(initialRecords(genesis, builtinModules().values(), new Uint8Array(32)));
    const run = new StageRun(store, await openLedger(store, genesis), await BatchVerifier.create());
    await run.block(maker.makeNodes());
    for (let block = 0; block < WARM_UP_BLOCKS; block++) await run.block(maker.make(BLOCK_TRANSACTIONS));
    run.reset();
    for (let block = 0; block < BLOCKS; block++) await run.block(maker.make(BLOCK_TRANSACTIONS));
    await store.close();
    return run.report(BLOCKS * BLOCK_TRANSACTIONS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes blocks through all stages, and counts what each takes. */
class StageRun {
  readonly #store: LevelStore;
  readonly #ledger: Ledger;
  readonly #verifier: BatchVerifier;
  readonly #micros = new Map<Stage, number>();

  constructor(store: LevelStore, ledger: Ledger, verifier: BatchVerifier) {
    this.#store = store;
    this.#ledger = ledger;
    this.#verifier = verifier;
  }

  reset(): void {
    this.#micros.clear();
  }

  report(transactions: number): StageReport {
    const each = STAGES.map((stage): [Stage, number] => [stage, (this.#micros.get(stage) ?? 0) / transactions]);
    const all = each.reduce((sum, [, micros]) => sum + micros, 0);
    return { ...(Object.fromEntries(each) as Record<Stage, number>), all };
  }

  async block(received: readonly Uint8Array[]): Promise<void> {
    if (received.length === 0) return;
    const ledger = this.#ledger;
    const decoded = this.#timed('decode', () => received.map((bytes) => decodeTransaction(new Uint8Array(bytes))));
    this.#timed('admit', () => this.#admit(decoded));
    this.#timed('verify', () => this.#verify(decoded));
    const content = {
      index: ledger.applied + 1,
      epoch: { number: 1, node: nodeId('v1') },
      time: Date.now(),
      transactions: decoded.map(({ bytes }) => bytes),
    };
    const { payload, bytes } = this.#timed('build', () => {
      const encoded = encodePayload(content);
      decodePayload(encoded);
      return { payload: payloadIdOf(encoded), bytes: encoded };
    });
    const execution = this.#timed('execute', () => {
      const begun = ledger.begin(content, () => true, decoded);
      begun.run(received.length);
      return begun;
    });
    if (execution.executed.some(({ outcome }) => outcome.code !== 'OK')) throw new TypeError('a transaction failed');
    this.#timed('finish', () => {
      const made = ledger.finish(execution, { index: content.index, epoch: content.epoch, payload, bytes });
      if (made === undefined) throw new TypeError('no block was made');
      const { header, hash } = made.sealed;
      ledger.certify({
        height: height(header.height),
        blockHash: hash,
        configurationHash: header.configurationHash,
        signatures: [],
      });
    });
    await this.#persist();
  }

  #admit(transactions: readonly Transaction[]): void {
    const ledger = this.#ledger;
    const environment = ledger.environment(() => true);
    const point = { height: ledger.tip.header.height, time: Date.now() };
    for (const transaction of transactions) {
      const judged = skipCode(transaction, point, ledger, environment);
      if (typeof judged === 'string') throw new TypeError(`a transaction is refused: ${judged}`);
    }
  }

  #verify(transactions: readonly Transaction[]): void {
    const items = transactions.map(({ publicKey, signedBytes, signature }) => ({
      publicKey,
      message: signedBytes,
      signature,
    }));
    for (let at = 0; at < items.length; at += 256) {
      const verdicts = this.#verifier.verify(items.slice(at, at + 256), verifySignatureNative);
      if (verdicts.includes(false)) throw new TypeError('a signature is bad');
    }
  }

  async #persist(): Promise<void> {
    const from = ownCpuMicros();
    const batch: StoreOperation[] = this.#ledger.records.takeBatch();
    await this.#store.commit(batch);
    this.#ledger.records.settle();
    this.#add('persist', ownCpuMicros() - from);
  }

  #timed<T>(stage: Stage, run: () => T): T {
    const from = ownCpuMicros();
    const result = run();
    this.#add(stage, ownCpuMicros() - from);
    return result;
  }

  #add(stage: Stage, micros: number): void {
    this.#micros.set(stage, (this.#micros.get(stage) ?? 0) + micros);
  }
}

function genesisOf(keys: readonly ReturnType<typeof publicKeyHex>[]): Genesis {
  const [signingKey, networkKey] = [1, 2].map((i) =>
    publicKeyHex(toHex(createSigner(new Uint8Array(32).fill(i)).publicKey)),
  );
  if (signingKey === undefined || networkKey === undefined) throw new TypeError('two keys were made');
  return {
    title: 'Stages',
    time: Date.now(),
    configuration: {
      number: 0,
      parentHash: CONFIGURATION_PARENT_NONE,
      protocol: 'raft',
      validators: [{ name: nodeId('v1'), organization: 'one', signingKey, networkKey }],
      parameters: PARAMETERS_DEFAULT,
    },
    organizations: [{ name: 'one', title: 'One' }],
    accounts: keys.map((publicKey) => ({ publicKey, organization: 'one', roles: ['client'] as const })),
  };
}

if (process.argv[1] === import.meta.filename)
  console.log(JSON.stringify(await measured(Number(process.argv[2]), process.argv[3] === 'set' ? 'set' : 'create')));
