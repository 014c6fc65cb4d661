import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeDiskBytes, LevelStore, type StoreRange } from '../../src/storage/index.ts';

const run = promisify(execFile);
const child = fileURLToPath(new URL('./child.ts', import.meta.url));
const bytes = (...values: number[]) => Uint8Array.from(values);

let folder: string;
let path: string;
const opened: LevelStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'varve-store-'));
  path = join(folder, 'data', 'db');
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

function keep(store: LevelStore): LevelStore {
  opened.push(store);
  return store;
}

async function collect(store: LevelStore, range?: StoreRange): Promise<number[][]> {
  const found: number[][] = [];
  for await (const [key] of store.entries(range)) found.push([...key]);
  return found;
}

/** Runs `child.ts` under a limit on the size of any file it writes, in units of 512 bytes. */
async function runChild(command: string, fileBlocksMax = 'unlimited'): Promise<unknown> {
  const script = 'ulimit -f "$1"; shift; exec "$@"';
  const node = [
    process.execPath,
    '--conditions=varve-source',
    '--disable-warning=ExperimentalWarning',
    child,
    command,
    path,
  ];
  const { stdout } = await run('sh', ['-c', script, 'sh', fileBlocksMax, ...node]);
  return JSON.parse(stdout);
}

describe('create and open', () => {
  it('keeps what was committed over a reopen', async () => {
    const first = await LevelStore.create(path);
    await first.commit([{ key: bytes(1), value: bytes(7, 8) }]);
    await first.close();
    const second = keep(await LevelStore.open(path));
    expect(second.get(bytes(1))).toStrictEqual(bytes(7, 8));
  });

  it('makes the folder for its owner only', async () => {
    keep(await LevelStore.create(path));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('does not create over anything', async () => {
    await (await LevelStore.create(path)).close();
    await expect(LevelStore.create(path)).rejects.toMatchObject({ code: 'STORE_EXISTS' });
    await writeFile(join(folder, 'file'), 'x');
    await expect(LevelStore.create(folder)).rejects.toMatchObject({ code: 'STORE_EXISTS' });
    await expect(LevelStore.create(join(folder, 'file'))).rejects.toMatchObject({ code: 'STORE_EXISTS' });
  });

  it('never opens what is not there, and leaves nothing behind', async () => {
    await expect(LevelStore.open(path)).rejects.toMatchObject({ code: 'STORE_MISSING' });
    await expect(LevelStore.open(folder)).rejects.toMatchObject({ code: 'STORE_MISSING' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a second opener in the same process', async () => {
    keep(await LevelStore.create(path));
    await expect(LevelStore.open(path)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  });

  it('refuses a second process until the first has closed', async () => {
    const store = await LevelStore.create(path);
    expect(await runChild('open')).toEqual({ code: 'STORE_LOCKED' });
    await store.close();
    expect(await runChild('open')).toEqual({ opened: true });
  });

  it('takes a lost CURRENT for damage and touches nothing', async () => {
    const store = await LevelStore.create(path);
    await store.commit([{ key: bytes(1), value: bytes(1) }]);
    await store.close();
    await rm(join(path, 'CURRENT'));
    const before = await readdir(path);
    await expect(LevelStore.open(path)).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
    expect(await readdir(path)).toEqual(before);
  });

  it.each(['CURRENT', 'MANIFEST'])('reports a %s full of rubbish as damage, with the cause', async (prefix) => {
    await (await LevelStore.create(path)).close();
    const name = (await readdir(path)).find((candidate) => candidate.startsWith(prefix));
    await writeFile(join(path, name ?? ''), 'rubbish');
    await expect(LevelStore.open(path)).rejects.toMatchObject({ code: 'STORE_DAMAGED', cause: expect.any(Error) });
  });

  it('tells a forbidden folder from damage', async () => {
    await (await LevelStore.create(path)).close();
    await chmod(folder, 0o755);
    await chmod(path, 0o555);
    await chmod(join(path, 'LOCK'), 0o444);
    expect(await runChild('open-unprivileged')).toEqual({ code: 'STORE_FORBIDDEN' });
    await chmod(path, 0o700);
    expect(await runChild('open')).toEqual({ opened: true });
  });
});

describe('get', () => {
  it('answers a missing key with undefined and an empty value with no bytes', async () => {
    const store = keep(await LevelStore.create(path));
    await store.commit([{ key: bytes(1), value: bytes() }]);
    expect(store.get(bytes(2))).toBeUndefined();
    expect(store.get(bytes(1))).toStrictEqual(bytes());
  });

  it('gives plain bytes that are the caller’s own', async () => {
    const store = keep(await LevelStore.create(path));
    await store.commit([{ key: bytes(1), value: bytes(5) }]);
    const value = store.get(bytes(1));
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
    value?.fill(0);
    expect(store.get(bytes(1))).toStrictEqual(bytes(5));
  });

  it('returns a value of 8 MiB', async () => {
    const value = new Uint8Array(8 * 1024 * 1024).map((_, i) => (i * 31) & 255);
    const store = keep(await LevelStore.create(path));
    await store.commit([{ key: bytes(1), value }]);
    expect(Buffer.compare(store.get(bytes(1)) ?? bytes(), value)).toBe(0);
  });
});

describe('commit', () => {
  it('applies puts and deletes in order, all of them', async () => {
    const store = keep(await LevelStore.create(path));
    await store.commit([
      { key: bytes(1), value: bytes(1) },
      { key: bytes(2), value: bytes(2) },
    ]);
    await store.commit([
      { key: bytes(1), value: undefined },
      { key: bytes(2), value: bytes(9) },
      { key: bytes(3), value: bytes(3) },
      { key: bytes(3), value: undefined },
    ]);
    expect([1, 2, 3].map((key) => store.get(bytes(key)))).toStrictEqual([undefined, bytes(9), undefined]);
  });

  it('does nothing for no operations', async () => {
    const store = keep(await LevelStore.create(path));
    await store.commit([]);
    expect(await collect(store)).toEqual([]);
  });

  it('writes none of a batch that cannot be written whole', async () => {
    const store = await LevelStore.create(path);
    const broken = [
      { key: bytes(1), value: bytes(1) },
      { key: null as unknown as Uint8Array, value: bytes(2) },
    ];
    const queued = [store.commit(broken), store.commit([{ key: bytes(3), value: bytes(3) }])];
    expect(await Promise.allSettled(queued)).toMatchObject([
      { reason: { code: 'STORE_FAILED' } },
      { reason: { code: 'STORE_FAILED' } },
    ]);
    expect(() => store.get(bytes(1))).toThrow('STORE_FAILED');
    await store.close();
    expect(await collect(keep(await LevelStore.open(path)))).toEqual([]);
  });

  it('rejects a write that the system refuses, and everything after it', async () => {
    await (await LevelStore.create(path)).close();
    const fileBlocksMax = '2048';
    const result = await runChild('fill', fileBlocksMax);
    expect(result).toMatchObject({ codes: ['STORE_FAILED', 'STORE_FAILED', 'STORE_FAILED'], read: 'STORE_FAILED' });
    const { acknowledged } = result as { acknowledged: number };
    expect(acknowledged).toBeGreaterThan(0);
    const store = keep(await LevelStore.open(path));
    for (let i = 0; i < acknowledged; i++) expect(store.get(bytes(i >> 8, i & 255))?.[0]).toBe(i & 255);
  });
});

describe('entries', () => {
  it('goes in the order of the bytes, within the bounds', async () => {
    const store = keep(await LevelStore.create(path));
    const keys = [[255], [1], [1, 0], [0, 255], [128, 1], [2]];
    await store.commit(keys.map((key) => ({ key: bytes(...key), value: bytes(1) })));
    expect(await collect(store)).toEqual([[0, 255], [1], [1, 0], [2], [128, 1], [255]]);
    expect(await collect(store, { gte: bytes(1), lt: bytes(128, 1) })).toEqual([[1], [1, 0], [2]]);
    expect(await collect(store, { gte: bytes(2) })).toEqual([[2], [128, 1], [255]]);
    expect(await collect(store, { lt: bytes(1) })).toEqual([[0, 255]]);
  });

  it('crosses pages, sees one moment, and can be left early', async () => {
    const store = keep(await LevelStore.create(path));
    const key = (i: number) => bytes(i >> 8, i & 255);
    await store.commit(Array.from({ length: 2_500 }, (_, i) => ({ key: key(i), value: key(i) })));
    let seen = 0;
    for await (const [found, value] of store.entries()) {
      if (seen === 0) await store.commit([{ key: key(2_400), value: undefined }]);
      expect([...found, ...value]).toEqual([...key(seen), ...key(seen)]);
      seen++;
    }
    expect(seen).toBe(2_500);
    for await (const [found] of store.entries()) {
      expect(found).toStrictEqual(key(0));
      break;
    }
    expect(await collect(store)).toHaveLength(2_499);
  });
});

describe('close', () => {
  it('ends every call but itself', async () => {
    const store = await LevelStore.create(path);
    const last = store.commit([{ key: bytes(1), value: bytes(1) }]);
    await Promise.all([last, store.close(), store.close()]);
    expect(() => store.get(bytes(1))).toThrow('STORE_CLOSED');
    await expect(store.commit([])).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(collect(store)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(keep(await LevelStore.open(path)).get(bytes(1))).toStrictEqual(bytes(1));
  });
});

it('counts the free bytes of the disk', async () => {
  expect(await freeDiskBytes(folder)).toBeGreaterThan(0);
  await expect(freeDiskBytes(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
});
