import { mkdir, open, readdir, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { openingError, StoreError } from './errors.ts';

const FOLDER_MODE = 0o700;

/**
 * Bytes that an unprivileged process may still write on the file system of `path`.
 * @throws the file system's error when `path` does not exist.
 */
export async function freeDiskBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/**
 * Makes the folder of a new database, readable by its owner only, and syncs the folder above, so that a power cut
 * does not take it away.
 * @throws {StoreError} `STORE_EXISTS` when anything is there.
 */
export async function prepareFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    if ((await readdir(path)).length > 0) throw new StoreError('STORE_EXISTS', { path });
    const parent = await open(dirname(resolve(path)));
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (isSystemError(error, 'EEXIST') || isSystemError(error, 'ENOTDIR'))
      throw new StoreError('STORE_EXISTS', { path }, { cause: error });
    throw openingError(path, error);
  }
}

/**
 * Tells a database from an empty folder and from the remains of one, without touching anything.
 * LevelDB itself takes a folder that lost `CURRENT` for an empty database, and then deletes the tables.
 * @throws {StoreError} `STORE_MISSING`; `STORE_DAMAGED` when `CURRENT` is gone and other files are there.
 */
export async function requireDatabase(path: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR'))
      throw new StoreError('STORE_MISSING', { path }, { cause: error });
    throw openingError(path, error);
  }
  if (names.includes('CURRENT')) return;
  if (names.some((name) => /^(MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp))$/.test(name)))
    throw new StoreError('STORE_DAMAGED', { path, reason: 'the file CURRENT is missing' });
  throw new StoreError('STORE_MISSING', { path });
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
