import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type Client, createClient, operations, VarveError } from '@varve/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { agreement, expectOneChain, placeOf } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { eventually, TestDevnet } from './support/devnet.ts';
import { CliProcess, endAll, isAlive, listen } from './support/process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination } = operations;
const FLIPS = 10;
const folder = temporaryFolder();
const acknowledged = new Map<string, string>();
let devnet: TestDevnet;
/** The folder of the fourth validator, whose process this test runs itself; the other three are a quorum. */
let data: string;
let own: Client;

beforeAll(async () => {
  devnet = await TestDevnet.start(4);
  data = devnet.members[3]?.dataDirectory ?? '';
  own = createClient({ url: devnet.members[3]?.httpUrl ?? '' });
  await submit(10, 'before');
  const pid = devnet.members[3]?.pid ?? 0;
  process.kill(pid, 'SIGTERM');
  await eventually('the fourth is down', () => !isAlive(pid));
});
// A node that a failed test left behind would make the others fail too.
afterEach(endAll);
afterAll(async () => {
  await devnet?.stop();
  folder.clean();
});

const others = (): Client[] => [0, 1, 2].map((i) => devnet.client(i));
const startOwn = (shell?: string, args: readonly string[] = []): CliProcess =>
  new CliProcess(['node', 'start', '--data', data, '--json', ...args], shell);

/** Submits some transactions at the first validator, and notes where they are final. */
async function submit(count: number, name: string, at = 0, timeoutMs = 60_000): Promise<void> {
  const client = devnet.client(at);
  for (let i = 0; i < count; i++) {
    const result = await client.submit(coordination.create(`/${name}-${i}`, `${name} `.repeat(20)), { timeoutMs });
    acknowledged.set(result.transactionId, placeOf(result));
  }
}

interface Refused {
  readonly exit: number | null;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** How a start that must not succeed ends. */
async function refusal(...args: readonly string[]): Promise<Refused> {
  const { code: exit, stdout } = await varve(['node', 'start', '--data', data, ...args, '--json']);
  const lines = stdout.trim().split('\n');
  expect(lines, 'one object, and no word of being ready').toHaveLength(1);
  return { exit, ...JSON.parse(lines[0] ?? '') };
}

/** A refusal for people: on standard error, without a stack. */
async function refusalText(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await varve(['node', 'start', '--data', data, ...args]);
  expect(code).not.toBe(0);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr;
}

/** Does something with the folder changed, and puts it back as it was. */
async function withDamage(damage: (store: string) => void, then: () => Promise<void>): Promise<void> {
  const copy = join(folder.path, 'pristine');
  cpSync(data, copy, { recursive: true });
  try {
    damage(join(data, 'store'));
    await then();
  } finally {
    rmSync(data, { recursive: true });
    renameSync(copy, data);
  }
}

/** Whatever was refused before, the node starts now, and has everything. */
async function expectWhole(mayHaveVouched = false): Promise<void> {
  const process = startOwn();
  await process.ready();
  await submit(1, `whole-${acknowledged.size}`);
  await expectOneChain([...others(), own], acknowledged);
  const { mode, observerOnly } = await own.status();
  if (!mayHaveVouched || mode === 'validator')
    expect({ mode, observerOnly }).toEqual({ mode: 'validator', observerOnly: null });
  else expect(observerOnly).toMatchObject({ code: 'STORE_ROLLED_BACK' });
  expect((await process.stop()).code).toBe(0);
}

describe('a start is refused, and nothing is lost', () => {
  it('on an empty folder, without init', async () => {
    const empty = join(folder.path, 'empty');
    mkdirSync(empty);
    const { code, stdout } = await varve(['node', 'start', '--data', empty, '--json']);
    expect({ exit: code, ...JSON.parse(stdout) }).toMatchObject({ exit: 3, code: 'NODE_UNINITIALIZED' });
    expect(readdirSync(empty)).toEqual([]);
  });

  it('without its database', () =>
    withDamage(
      (store) => rmSync(store, { recursive: true }),
      async () => expect(await refusal()).toMatchObject({ exit: 3, code: 'STORE_MISSING' }),
    ));

  it('when the data directory is in use', async () => {
    const busy = devnet.members[0]?.dataDirectory ?? '';
    const elsewhere = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0'];
    const { code, stdout } = await varve(['node', 'start', '--data', busy, ...elsewhere, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'STORE_LOCKED', hint: expect.stringContaining('another node') });
    expect(code).not.toBe(0);
    expect(await devnet.client(0).status()).toMatchObject({ mode: 'validator' });
  });

  it('when a port is in use, HTTP or libp2p', async () => {
    const { httpUrl = '', address = '' } = devnet.members[3] ?? {};
    for (const port of [new URL(httpUrl).port, address.split('/').at(-1)]) {
      const server = await listen(Number(port));
      try {
        const refused = await refusal();
        expect(refused).toMatchObject({ code: 'PORT_IN_USE' });
        expect(refused.exit).not.toBe(0);
        expect(refused.message).toContain(port);
      } finally {
        await new Promise((done) => server.close(done));
      }
    }
  });

  it('with the genesis document of another chain', () =>
    withDamage(
      () => {
        const file = join(data, 'genesis.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('Varve devnet', 'Varve Devnet'));
      },
      async () => expect(await refusal()).toMatchObject({ exit: 3, code: 'STORE_FOREIGN' }),
    ));

  it('with a genesis document that is none', () =>
    withDamage(
      () => writeFileSync(join(data, 'genesis.json'), '{"title": 7'),
      async () => expect(await refusal()).toMatchObject({ exit: 3, code: 'GENESIS_INVALID' }),
    ));

  it('with the key of another validator, a wrong passphrase, or a key that others can read', async () => {
    const foreign = join(devnet.members[0]?.dataDirectory ?? '', 'key.json');
    expect(await refusal('--key', foreign)).toMatchObject({ exit: 3, code: 'KEY_MISMATCH' });
    const wrong = join(folder.path, 'wrong');
    writeFileSync(wrong, 'not it\n', { mode: 0o600 });
    expect(await refusal('--passphrase-file', wrong)).toMatchObject({ exit: 3, code: 'KEY_FILE_PASSPHRASE_WRONG' });
    const key = join(data, 'key.json');
    chmodSync(key, 0o644);
    expect(await refusal()).toMatchObject({ exit: 3, code: 'KEY_FILE_TOO_OPEN' });
    expect(await refusalText()).toMatch(/^(.*\n)*error KEY_FILE_TOO_OPEN: .+\nhint: .*chmod 600/);
    chmodSync(key, 0o600);
  });

  it.each([
    { what: 'without CURRENT', damage: (store: string) => rmSync(join(store, 'CURRENT')) },
    { what: 'with an empty MANIFEST', damage: (store: string) => truncateSync(manifest(store), 0) },
    { what: 'with half a MANIFEST', damage: (store: string) => truncateSync(manifest(store), 20) },
    { what: 'with noise in CURRENT', damage: (store: string) => writeFileSync(join(store, 'CURRENT'), 'noise') },
  ])('when the database does not open: $what', ({ damage }) =>
    withDamage(damage, async () => {
      const refused = await refusal();
      expect(refused).toMatchObject({ code: 'STORE_DAMAGED', hint: expect.stringContaining('peer') });
      expect(refused.exit).not.toBe(0);
    }),
  );

  it('on the database of another validator', () =>
    withDamage(
      (store) => {
        const foreign = devnet.members[1]?.dataDirectory ?? '';
        rmSync(store, { recursive: true });
        cpSync(join(foreign, 'store'), store, { recursive: true });
      },
      async () => expect(await refusal()).toMatchObject({ exit: 3, code: 'STORE_FOREIGN' }),
    ));

  it('and starts as ever when the reason is gone', () => expectWhole());
});

function manifest(store: string): string {
  const name = readdirSync(store).find((file) => file.startsWith('MANIFEST-'));
  if (name === undefined) throw new Error('no manifest');
  return join(store, name);
}

it('a process that native code ended is explained by its launcher', async () => {
  const launched = new CliProcess(['node', 'start', '--data', data, '--json'], undefined, true);
  const { pid } = await launched.ready();
  process.kill(pid, 'SIGABRT');
  const { code, stdout } = await launched.ended;
  expect(code).toBe(134);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    code: 'PROCESS_ABORTED',
    hint: expect.stringContaining('docs/operations.md'),
  });
  await expectWhole();
});

it('a failed write ends the node with a code, and what it acknowledged is there after the next start', async () => {
  const sizes = readdirSync(join(data, 'store')).map((name) => statSync(join(data, 'store', name)).size);
  const limit = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024) + 128;
  // A write over the limit then fails with EFBIG, as on a broken disk, instead of ending the process.
  const process = startOwn(`trap '' XFSZ; ulimit -f ${limit}`);
  await process.ready();
  const before = acknowledged.size;
  let over = false;
  let round = 0;
  process.ended.then(() => {
    over = true;
  });
  await eventually(
    'its write fails',
    async () => {
      if (!over)
        await submit(5, `limited-${acknowledged.size}`, round++ % 2 === 0 ? 3 : 0, 5_000).catch(() => undefined);
      return over;
    },
    120_000,
  );
  const { code, stdout } = await process.ended;
  expect(code).not.toBe(0);
  expect(code).not.toBeNull();
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Refused;
  expect(told.code).toMatch(/^STORE_(FAILED|DISK_FULL)$/);
  expect(told.hint).not.toBe('see docs/errors.md');
  expect(acknowledged.size).toBeGreaterThan(before + 10);
  await expectOneChain(others(), acknowledged);
  await expectWhole();
});

describe('bit flips in the database of a stopped validator', () => {
  const outcomes: string[] = [];
  const refusals: string[] = [];
  const running: CliProcess[] = [];
  const endRunning = async (): Promise<void> => {
    for (const process of running.splice(0)) {
      process.signal('SIGKILL');
      await process.ended;
    }
  };
  /** xorshift32: the same bytes in every run. */
  let state = 0x5eed1;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };

  it.each(Array.from({ length: FLIPS }, (_, i) => i))(
    'flip %i: mended, observer-only or refused, never a wrong value',
    async () => {
      await withDamage(flipBit, async () => {
        const first = await served().finally(endRunning);
        if (first.refused !== 'RECORD_DAMAGED') {
          outcomes.push(first.refused ?? first.mode ?? '');
          return;
        }
        // Damage to what is derived from blocks, met while it was read: the refusal names what mends it.
        const rebuilt = await served('--rebuild').finally(endRunning);
        outcomes.push(`${refusals.at(-1)}, then ${rebuilt.refused ?? rebuilt.mode}`);
      });
    },
  );

  it('all happened; which of the three ways each ended depends on where the database put its bytes', () => {
    expect(outcomes, outcomesAt.join(' ')).toHaveLength(FLIPS);
  });

  // Where an election came between, it vouched for something on a damaged folder that its copy does not know.
  it('leave a cluster that goes on, with this validator too once its folder is whole', () => expectWhole(true));

  /** Starts the node and compares all it says; resolves with the code it refused with, or with its mode. */
  async function served(...args: readonly string[]): Promise<{ refused?: string; mode?: string }> {
    const process = startOwn(undefined, args);
    const refused = process.ended.then(({ code, stdout, stderr }) => {
      // On some damage LevelDB asserts in native code, and the process ends before it can say anything.
      if (code === null) {
        expect(stderr).toMatch(/Assertion .* failed/);
        return 'DATABASE_ABORTED';
      }
      expect(code, stderr).toBeGreaterThan(0);
      const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Refused;
      expect(told.code, `${outcomesAt.at(-1)} ${code} ${stdout} ${stderr}`).toMatch(/^(STORE|RECORD)_/);
      expect(told.hint).not.toBe('see docs/errors.md');
      refusals.push(`${outcomesAt.at(-1)} ${told.code}: ${told.message}`);
      return told.code;
    });
    refused.catch(() => undefined);
    const line = await process.firstLine().catch(() => undefined);
    if (line === undefined || !line.includes('httpUrl')) return { refused: await refused };
    running.push(process);
    // Whoever asks a process that is gone would wait as long as for one that starts again, or hears that nobody listens.
    const gone = process.ended.then(() => undefined);
    const unlessGone = <T>(answer: Promise<T>): Promise<T | undefined> =>
      Promise.race([answer, gone]).catch((error: unknown) => {
        if (error instanceof VarveError && error.code === 'NODE_UNREACHABLE') return gone;
        throw error;
      });
    const wrong = await unlessGone(compare());
    if (wrong === undefined) return { refused: await refused };
    expect(wrong).toEqual([]);
    const status = await unlessGone(own.status());
    if (status === undefined) return { refused: await refused };
    expect(['validator', 'observer-only']).toContain(status.mode);
    process.signal('SIGTERM');
    expect((await process.ended).code).toBe(0);
    return { mode: status.observerOnly?.code ?? status.mode };
  }

  function flipBit(store: string): void {
    // By turns in what was written last, where a batch can vanish, and in the tables.
    const kind = outcomesAt.length % 2 === 0 ? '.log' : '.ldb';
    const files = readdirSync(store).filter((name) => name.endsWith(kind));
    const sizes = files.map((name) => statSync(join(store, name)).size);
    let at = random(sizes.reduce((sum, size) => sum + size, 0));
    const index = sizes.findIndex((size) => {
      if (at < size) return true;
      at -= size;
      return false;
    });
    const file = join(store, files[index] ?? '');
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    writeFileSync(file, bytes);
    outcomesAt.push(`${basename(file)}@${at}`);
  }
});

/** Where bits were flipped, for whoever reads a failure. */
const outcomesAt: string[] = [];

/** What the damaged node says differently from the others; a coded refusal is no difference. */
async function compare(): Promise<string[]> {
  const [reference] = others() as [Client];
  const height = await agreement(others());
  const wrong: string[] = [];
  const differ = async (what: string, ask: (client: Client) => Promise<unknown>): Promise<void> => {
    const expected = JSON.stringify(await ask(reference));
    try {
      const found = JSON.stringify(await ask(own));
      if (found !== expected) wrong.push(`${outcomesAt.at(-1)} ${what}: ${found} instead of ${expected}`);
    } catch (error) {
      if (!(error instanceof VarveError) || error.code === 'INTERNAL')
        wrong.push(`${outcomesAt.at(-1)} ${what}: ${error}`);
    }
  };
  await eventually('it reaches the height of the others, or says why not', async () => {
    const status = await own.status();
    if (status.mode === 'starting') return false;
    return status.height >= height || status.observerOnly !== null || status.conditions.length > 0;
  });
  for (let at = 0; at <= height; at++)
    await differ(`block ${at}`, async (client) => {
      const { hash, headerBytes, transactions } = await client.block(at);
      return { hash, headerBytes, transactions };
    });
  const consistency = 'final';
  const here = (await own.status()).finalHeight;
  for (let i = 0; i < 10; i++)
    await differ(`state ${i}`, async (client) => {
      const { value, version, modifiedHeight } = await client.state('coordination', `/before-${i}`, { consistency });
      return here < height && client === own ? undefined : { value, version, modifiedHeight };
    });
  return here < height ? wrong.filter((text) => !text.includes(' state ')) : wrong;
}

it('a folder restored from an earlier copy makes its validator observer-only, and it says so', async () => {
  const copy = join(folder.path, 'backup');
  cpSync(data, copy, { recursive: true });
  const first = startOwn();
  await first.ready();
  await submit(10, 'since-the-backup', 3);
  await agreement([...others(), own]);
  await first.stop();
  rmSync(data, { recursive: true });
  renameSync(copy, data);

  for (const round of [0, 1]) {
    const process = startOwn();
    await process.ready();
    await eventually('it says so', async () => (await own.status()).mode === 'observer-only');
    expect(await own.status()).toMatchObject({ observerOnly: { code: 'STORE_ROLLED_BACK' } });
    const ready = await fetch(`${own.url}/readyz?verbose`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('STORE_ROLLED_BACK');
    const told = await varve(['query', 'status', '--node', own.url]);
    expect(told.stdout).toMatch(/mode +observer-only\nwhy +STORE_ROLLED_BACK/);
    await submit(3, `beside-${round}`);
    await expectOneChain([...others(), own], acknowledged);
    expect(await own.status()).toMatchObject({ mode: 'observer-only' });
    expect((await process.stop()).code).toBe(0);
  }
});
