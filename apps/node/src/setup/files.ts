import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SetupError } from './errors.ts';

/** How a file is written. */
export interface WriteOptions {
  /** Default 0644. */
  readonly mode?: number;
  /** Replaces a file that is there; otherwise that is `FILE_EXISTS`. */
  readonly replace?: boolean;
}

/**
 * The text of a file.
 * @throws {SetupError} `FILE_FAILED`.
 */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw failed(path, 'read', cause);
  }
}

/** The text of a file, or `undefined` where there is none. */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw failed(path, 'read', cause);
  }
}

/**
 * Writes a whole file or none: readers never see half of it.
 * @throws {SetupError} `FILE_EXISTS`, `FILE_FAILED`.
 */
export function writeWhole(path: string, content: string | Uint8Array, options: WriteOptions = {}): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    try {
      const descriptor = openSync(temporary, 'w', options.mode ?? 0o644);
      try {
        writeFileSync(descriptor, content);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (options.replace) renameSync(temporary, path);
      else linkSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw new SetupError('FILE_EXISTS', `${path} exists already`, { path }, { cause });
    throw failed(path, 'written', cause);
  }
}

/**
 * Makes a folder and those above it, where they are not there. Node's own way to do so never returns below `/proc`.
 * @throws {SetupError} `FILE_FAILED`.
 */
export function makeFolder(folder: string, mode?: number): void {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path, mode);
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw failed(folder, 'made', cause);
    }
  }
}

/**
 * Writes a report, over what is there: pipes and devices too.
 * @throws {SetupError} `FILE_FAILED`.
 */
export function writeReport(path: string, text: string): void {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, text);
  } catch (cause) {
    throw cause instanceof SetupError ? cause : failed(path, 'written', cause);
  }
}

/**
 * Makes sure, as far as one can tell before, that `writeReport` will be able to write into `folder`.
 * @throws {SetupError} `FILE_FAILED`.
 */
export function demandReportFolder(folder: string): void {
  for (let path = resolve(folder); ; path = dirname(path)) {
    try {
      return accessSync(join(path, '/'), constants.W_OK);
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT' || path === dirname(path)) throw failed(folder, 'written', cause);
    }
  }
}

/** @throws {SetupError} `FILE_FAILED` where there is a folder and a file is to be written. */
export function demandNoFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw failed(path, 'written', new Error('it is a folder'));
  }
}

function failed(path: string, what: string, cause: unknown): SetupError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SetupError('FILE_FAILED', `${path} cannot be ${what}: ${reason}`, { path, reason }, { cause });
}

/** The system's code of an error, such as `ENOENT`. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * The bytes of a file.
 * @throws {SetupError} `FILE_FAILED`.
 */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw failed(path, 'read', cause);
  }
}
