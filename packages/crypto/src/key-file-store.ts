import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CryptoError } from './errors.ts';
import { type KeyFile, parseKeyFile } from './key-file.ts';

/** Longest key file that is read. */
export const KEY_FILE_BYTES_MAX: number = 16_384;
/** All a key file may allow: its owner reads and writes. */
const MODE = 0o600;

/**
 * Reads a key file that nobody but its owner can read. The mode is not checked on Windows, which has none.
 * @throws {CryptoError} `KEY_FILE_IO` when it cannot be read, `KEY_FILE_TOO_OPEN` when its mode is wider than 0600,
 *   `KEY_FILE_MALFORMED`.
 */
export function readKeyFile(path: string): KeyFile {
  return parseKeyFile(readPrivate(path));
}

function readPrivate(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw new CryptoError('KEY_FILE_IO', { path, operation: 'read' }, { cause });
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new CryptoError('KEY_FILE_MALFORMED', { reason: 'not a regular file' });
    const mode = status.mode & 0o777;
    if (process.platform !== 'win32' && (mode & ~MODE) !== 0) {
      throw new CryptoError('KEY_FILE_TOO_OPEN', { path, mode: mode.toString(8).padStart(4, '0') });
    }
    if (status.size > KEY_FILE_BYTES_MAX) throw new CryptoError('KEY_FILE_MALFORMED', { reason: 'too long' });
    return readFileSync(descriptor, 'utf8');
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause;
    throw new CryptoError('KEY_FILE_IO', { path, operation: 'read' }, { cause });
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a key file with mode 0600. After it returns the file survives a power cut; when it throws there is either
 * no file or the whole one. It never overwrites: a lost key cannot be made again.
 * @throws {CryptoError} `KEY_FILE_EXISTS`, or `KEY_FILE_IO` when writing fails.
 */
export function writeKeyFile(path: string, file: KeyFile): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    try {
      writeSynced(temporary, `${JSON.stringify(file, undefined, 2)}\n`);
      // A rename would replace what is there; a link fails instead, and is as atomic.
      linkSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
    syncFolder(folder);
  } catch (cause) {
    if (isErrorCode(cause, 'EEXIST')) throw new CryptoError('KEY_FILE_EXISTS', { path }, { cause });
    throw new CryptoError('KEY_FILE_IO', { path, operation: 'write' }, { cause });
  }
}

function writeSynced(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', MODE);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // A folder cannot be opened there.
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
