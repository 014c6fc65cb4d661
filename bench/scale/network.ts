import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, type Signer } from '@varve/crypto';
import { openKeyFile, readKeyFile } from '@varve/crypto/files';
import { checksummed, metaKey } from '@varve/ledger/chain';
import { isReady, startValidators, stopValidators } from '../../apps/node/src/cli/devnet/control.ts';
import { isRunning, lastOutput } from '../../apps/node/src/cli/devnet/processes.ts';
import { identityOf, STORE_FOLDER } from '../../apps/node/src/host/initialize.ts';
import { createDevnet, type Devnet } from '../../apps/node/src/setup/devnet-folder.ts';
import { readGenesisFile } from '../../apps/node/src/setup/genesis-file.ts';
import { freePorts } from '../../apps/node/src/setup/ports.ts';
import { LevelStore } from '../../apps/node/src/storage/index.ts';
import { quorumSize } from '../../packages/consensus/src/quorum.ts';
import { folderBytes } from '../processes.ts';
import { planChain } from './chain-plan.ts';
import type { ScalePoint } from './options.ts';
import { BLOCK_MS, PreparedChain } from './prepared-chain.ts';

/** The prepared blocks lie so far back that none of their transactions is among those a validator remembers. */
const REST_MS = 3_600_000;
/** Millions of keys take long to read on a busy machine. */
const READY_MS_MAX = 600_000;
const LOOK_MS = 20;
const OUTPUT_LINES = 8;

/** What a network is prepared for; clients come later. */
export type PreparedSize = Omit<ScalePoint, 'clients'>;

/** Validators whose stores begin with a prepared chain. */
export class PreparedNetwork {
  static readonly #live: Set<PreparedNetwork> = new Set();
  /** Of networks that are still being prepared. */
  static readonly #unfinished: Set<string> = new Set();
  readonly #folder: string;
  #devnet: Devnet;
  /** Of one prepared store. */
  readonly storeBytes: number;
  readonly preparedHeight: number;

  private constructor(folder: string, devnet: Devnet, preparedHeight: number) {
    this.#folder = folder;
    this.#devnet = devnet;
    this.preparedHeight = preparedHeight;
    this.storeBytes = folderBytes(join(folder, STORE_FOLDER));
    PreparedNetwork.#live.add(this);
  }

  /** Ends everything and removes every folder. */
  static async removeAll(): Promise<void> {
    await Promise.all([...PreparedNetwork.#live].map((network) => network.remove()));
    for (const folder of PreparedNetwork.#unfinished) removeFolder(folder);
  }

  /** Makes keys and genesis of a devnet, and the chain in the store of its first validator, kept aside. */
  static async create({ validators, keys, heights }: PreparedSize): Promise<PreparedNetwork> {
    const folder = mkdtempSync(join(tmpdir(), 'varve-bench-scale-'));
    PreparedNetwork.#unfinished.add(folder);
    try {
      const time = Date.now() - REST_MS - heights * BLOCK_MS;
      const ports = await freePorts(validators);
      const devnet = await createDevnet(join(folder, 'devnet'), 'raft', ports, () => undefined, time);
      const genesis = readGenesisFile(devnet.genesisFile);
      const [first] = devnet.validators;
      if (first === undefined) throw new TypeError('a network has validators');
      const sealers = devnet.validators.slice(0, quorumSize(validators, 'crash')).map(({ dataDirectory }, index) => ({
        index,
        signer: secretOf(devnet, join(dataDirectory, 'key.json'), 'signing'),
      }));
      const account = accountSigner(devnet, 0);
      const plan = planChain(keys, heights);
      const height = await PreparedChain.fill(first.dataDirectory, { genesis, account, sealers }, plan);
      cpSync(join(first.dataDirectory, STORE_FOLDER), join(folder, STORE_FOLDER), { recursive: true });
      return new PreparedNetwork(folder, devnet, height);
    } catch (error) {
      removeFolder(folder);
      throw error;
    } finally {
      PreparedNetwork.#unfinished.delete(folder);
    }
  }

  get chainId(): string {
    return this.#devnet.chainId;
  }

  get pids(): readonly number[] {
    return this.#devnet.validators.map(({ pid }) => pid);
  }

  get urls(): readonly string[] {
    return this.#devnet.validators.map(({ httpUrl }) => httpUrl);
  }

  /** Of every organization's account. */
  signers(): readonly Signer[] {
    return this.#devnet.accounts.map((_account, i) => accountSigner(this.#devnet, i));
  }

  /**
   * Starts every validator on a fresh copy of the prepared store. They end with this process.
   * @returns For each validator, milliseconds from the start of its process until it was ready.
   */
  async start(): Promise<readonly number[]> {
    const { validators, genesisFile } = this.#devnet;
    const genesis = readGenesisFile(genesisFile);
    for (const { name, dataDirectory } of validators) {
      const store = join(dataDirectory, STORE_FOLDER);
      rmSync(store, { recursive: true, force: true });
      cpSync(join(this.#folder, STORE_FOLDER), store, { recursive: true });
      const member = genesis.configuration.validators.find((one) => one.name === name);
      if (member === undefined) throw new TypeError(`${name} is in the genesis document`);
      await identify(store, identityOf(member.networkKey));
    }
    return this.#started(validators.map((_validator, index) => index));
  }

  /**
   * Stops one validator and starts it again, while the others run.
   * @returns Milliseconds from the start of its process until it was ready.
   */
  async restartOne(): Promise<number> {
    const index = this.#devnet.validators.length - 1;
    await stopValidators(this.#devnet.validators.slice(index));
    return Math.max(...(await this.#started([index])));
  }

  async #started(indexes: readonly number[]): Promise<readonly number[]> {
    const from = performance.now();
    const { devnet, started } = startValidators(join(this.#folder, 'devnet'), this.#devnet, indexes, true);
    this.#devnet = devnet;
    const validators = devnet.validators.filter((_validator, index) => indexes.includes(index));
    return Promise.all(
      validators.map(async (validator) => {
        while (!(await isReady(validator))) {
          const isLate = performance.now() - from > READY_MS_MAX;
          if (isLate || !isRunning(validator)) {
            const output = lastOutput(validator, started.get(validator.name)?.outputFrom ?? 0, OUTPUT_LINES);
            throw new Error(`${validator.name} ${isLate ? 'is not ready' : 'ended'}:\n${output}`);
          }
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        }
        return performance.now() - from;
      }),
    );
  }

  async stop(): Promise<void> {
    await stopValidators(this.#devnet.validators);
  }

  async remove(): Promise<void> {
    await this.stop();
    removeFolder(this.#folder);
    PreparedNetwork.#live.delete(this);
  }
}

function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Makes a copied store that of another node. */
async function identify(path: string, identity: Uint8Array): Promise<void> {
  const key = metaKey('identity');
  const store = await LevelStore.open(path);
  try {
    await store.commit([{ key, value: checksummed(key, identity) }]);
  } finally {
    await store.close();
  }
}

function accountSigner(devnet: Devnet, index: number): Signer {
  const account = devnet.accounts[index];
  if (account === undefined) throw new TypeError(`there is no account ${index}`);
  return secretOf(devnet, account.keyFile, 'account');
}

function secretOf({ passphraseFile }: Devnet, keyFile: string, role: 'account' | 'signing'): Signer {
  const { secrets } = openKeyFile(readKeyFile(keyFile), readFileSync(passphraseFile, 'utf8').trim());
  const seed = secrets.get(role);
  if (seed === undefined) throw new TypeError(`${keyFile} has no ${role} key`);
  return createSigner(seed);
}
