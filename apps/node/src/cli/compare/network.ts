import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ProtocolName } from '@varve/consensus';
import { createSigner, type Signer } from '@varve/crypto';
import { createDevnet, type Devnet, type DevnetValidator } from '../../setup/devnet-folder.ts';
import { SetupError } from '../../setup/errors.ts';
import { demandSeed, openKeys } from '../../setup/key-material.ts';
import { freePorts } from '../../setup/ports.ts';
import { indexOf, startValidators, waitUntilReady } from '../devnet/control.ts';
import { isRunning, signalValidator, waitForEnd } from '../devnet/processes.ts';
import { CliError } from '../failure.ts';

const KILL_MS = 5_000;
/** How long an election may take before a leader is to be named. */
const LEADER_MS = 10_000;
const LEADER_POLL_MS = 50;

/** A network of real processes in a folder of its own, which both are gone when it is closed, or when this process ends. */
export class TemporaryNetwork {
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  #devnet: Devnet | undefined;

  private constructor(signal: AbortSignal) {
    this.#directory = makeFolder();
    this.#signal = signal;
    this.#onEnd = () => this.#killAll();
    signal.addEventListener('abort', this.#onEnd);
    process.on('exit', this.#remove);
  }

  /**
   * Starts a network on free ports and waits until it is ready.
   * @param signal - When it is aborted, every process is killed at once; `close` does the rest.
   * @throws {CliError} `DEVNET_NOT_READY`; {SetupError} `FILE_FAILED`; what creating a node throws.
   */
  static async start(protocol: ProtocolName, validators: number, signal: AbortSignal): Promise<TemporaryNetwork> {
    signal.throwIfAborted();
    const network = new TemporaryNetwork(signal);
    try {
      await network.#start(protocol, validators);
      return network;
    } catch (error) {
      await network.close();
      signal.throwIfAborted();
      if (!(error instanceof CliError) || error.code !== 'DEVNET_NOT_READY') throw error;
      const hint = `look into it with "varve devnet --protocol ${protocol} --validators ${validators} --data DIR"`;
      throw new CliError(error.code, error.message, { hint, cause: error });
    }
  }

  async #start(protocol: ProtocolName, validators: number): Promise<void> {
    const goOn = (): void => this.#signal.throwIfAborted();
    const created = await createDevnet(this.#directory, protocol, await freePorts(validators), goOn);
    goOn();
    const all = created.validators.map((_validator, index) => index);
    const { devnet, started } = startValidators(this.#directory, created, all, true);
    this.#devnet = devnet;
    await waitUntilReady(devnet.validators, started, goOn);
  }

  get chainId(): string {
    return this.#devnet?.chainId ?? '';
  }

  /** Those that run. */
  get running(): readonly DevnetValidator[] {
    return this.#devnet?.validators.filter(isRunning) ?? [];
  }

  /** Signers of all its accounts. */
  async signers(): Promise<readonly Signer[]> {
    const { accounts = [], passphraseFile } = this.#devnet ?? {};
    const seeds = accounts.map(async ({ keyFile }) => {
      const keys = await openKeys(keyFile, passphraseFile);
      return demandSeed(keys, 'account', keyFile);
    });
    return (await Promise.all(seeds)).map((seed) => createSigner(seed));
  }

  /**
   * The validator that leads; where they take turns, the one whose turn it is.
   * @throws {CliError} `LEADER_UNKNOWN` when none is named for 10 s.
   */
  async leader(): Promise<DevnetValidator> {
    const end = performance.now() + LEADER_MS;
    const validators = this.running;
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        const leader = validators[await indexOf({ validators }, 'leader')];
        if (leader) return leader;
      } catch (error) {
        if (!(error instanceof CliError) || error.code !== 'LEADER_UNKNOWN' || performance.now() > end) throw error;
      }
      await pause(LEADER_POLL_MS);
    }
  }

  /** Kills one, as a crash would. */
  kill(validator: DevnetValidator): void {
    signalValidator(validator, 'SIGKILL');
  }

  /**
   * Kills every process and removes the folder.
   * @throws {CliError} `STOP_TIMEOUT`.
   */
  async close(): Promise<void> {
    this.#killAll();
    const left = await waitForEnd(this.#devnet?.validators ?? [], KILL_MS);
    this.#remove();
    this.#signal.removeEventListener('abort', this.#onEnd);
    process.off('exit', this.#remove);
    if (left.length === 0) return;
    const names = left.map(({ name, pid }) => `${name}, process ${pid}`).join('; ');
    throw new CliError('STOP_TIMEOUT', `killed, and still there: ${names}`);
  }

  #killAll(): void {
    for (const validator of this.#devnet?.validators ?? []) signalValidator(validator, 'SIGKILL');
  }

  readonly #remove = (): void => {
    this.#killAll();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'varve-compare-'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `no folder for a network can be made in ${tmpdir()}: ${reason}`;
    throw new SetupError('FILE_FAILED', message, { path: tmpdir(), reason }, { cause });
  }
}
