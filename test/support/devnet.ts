import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@varve/client';
import { createSigner, type Signer } from '@varve/crypto';
import { openKeyFile, readKeyFile } from '@varve/crypto/files';
import { temporaryFolder, varve } from './command.ts';

/** A validator's place, as `devnet.json` has it. */
export interface DevnetMember {
  readonly name: string;
  readonly pid: number;
  readonly httpUrl: string;
  readonly address: string;
  readonly dataDirectory: string;
}

interface DevnetFile {
  readonly chainId: string;
  readonly genesisFile: string;
  readonly passphraseFile: string;
  readonly validators: readonly DevnetMember[];
  readonly accounts: readonly { readonly name: string; readonly accountId: string; readonly keyFile: string }[];
}

/** What networks order with unless a test says otherwise: `VARVE_TEST_PROTOCOL=zab npm test -- test/devnet.test.ts`. */
export const PROTOCOL: string = process.env.VARVE_TEST_PROTOCOL ?? 'raft';

/** A network of real processes in a temporary folder, driven through the command line. */
export class TestDevnet {
  static readonly #live: Set<TestDevnet> = new Set();
  readonly directory: string;
  readonly #clean: () => void;

  private constructor(directory: string, clean: () => void) {
    this.directory = directory;
    this.#clean = clean;
    TestDevnet.#live.add(this);
  }

  /** Stops every network of this process: its validators are processes of their own, and would outlive it. */
  static async stopAll(): Promise<void> {
    await Promise.all([...TestDevnet.#live].map((devnet) => devnet.stop()));
  }

  /** Starts a network and waits until it is ready. */
  static async start(validators: number, protocol = PROTOCOL): Promise<TestDevnet> {
    const folder = temporaryFolder();
    const devnet = new TestDevnet(join(folder.path, 'devnet'), folder.clean);
    try {
      await devnet.command(
        'devnet',
        '--protocol',
        protocol,
        '--validators',
        String(validators),
        '--ports',
        '0',
        '--detach',
      );
    } catch (error) {
      await devnet.stop();
      throw error;
    }
    return devnet;
  }

  /** Runs a command on this network; throws unless it exits with 0. */
  async command(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await varve([...args, '--data', this.directory], { timeoutMs: 90_000 });
    if (code !== 0) throw new Error(`varve ${args.join(' ')} exited with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Kills a validator at once: its number from 1, or `leader`. */
  async kill(which: number | 'leader'): Promise<void> {
    await this.command('devnet', 'kill', String(which));
  }

  async restart(which: number): Promise<void> {
    await this.command('devnet', 'restart', String(which));
  }

  /** Stops every process and removes the folder. */
  async stop(): Promise<void> {
    const { code } = await varve(['devnet', 'stop', '--data', this.directory]);
    // Whatever is wrong with the command line, its validators must not outlive the test.
    if (code !== 0 && existsSync(join(this.directory, 'devnet.json')))
      for (const member of this.members) endMember(member);
    this.#clean();
    TestDevnet.#live.delete(this);
  }

  get file(): DevnetFile {
    return JSON.parse(readFileSync(join(this.directory, 'devnet.json'), 'utf8')) as DevnetFile;
  }

  get members(): readonly DevnetMember[] {
    return this.file.validators;
  }

  /** The signer of the account of organization `i`, from 0. */
  signer(i = 0): Signer {
    const { accounts, passphraseFile } = this.file;
    const account = accounts[i];
    if (account === undefined) throw new Error(`there is no account ${i}`);
    const opened = openKeyFile(readKeyFile(account.keyFile), readFileSync(passphraseFile, 'utf8').trim());
    const seed = opened.secrets.get('account');
    if (seed === undefined) throw new Error('the key file has no account key');
    return createSigner(seed);
  }

  /** An SDK client of validator `i`, from 0, that signs as the account of organization 0. */
  client(i = 0): Client {
    const member = this.members[i];
    if (member === undefined) throw new Error(`there is no validator ${i}`);
    return createClient({ url: member.httpUrl, signer: this.signer() });
  }
}

/** Kills a validator's process, if that pid is still it. */
function endMember({ pid, dataDirectory }: DevnetMember): void {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDirectory)) process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** Waits for a condition, asking ever so often; throws with `what` after `msMax`. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  msMax = 30_000,
): Promise<void> {
  const end = performance.now() + msMax;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
