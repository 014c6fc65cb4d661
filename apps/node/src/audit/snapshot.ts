import { constants, copyFileSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openingError } from '../storage/errors.ts';
import { StoreError } from '../storage/index.ts';

/** The files of a database as they were at one moment, in a folder of their own. */
export interface Snapshot {
  readonly path: string;
  remove(): void;
}

/** How often a running node may change its set of files while it is copied. */
const ATTEMPTS_MAX = 20;
/** Names of temporary folders begin so, followed by the process. */
const PREFIX = 'varve-audit-';
/** As `mkdtemp` makes them. */
const LEFTOVER = /^varve-audit-(\d+)-[A-Za-z0-9]{6}$/;
const TABLE = /^\d+\.(ldb|sst)$/;
const LOG = /^\d+\.log$/;

/**
 * Takes the files of a LevelDB database, of a stopped or a running node, without touching them: opening a database
 * rewrites its files, and a running node holds the lock. Tables never change once written, so they are linked where the
 * file system allows it; the log and the manifest only grow, so a copy is what they were at a moment.
 *
 * The manifest names the tables that count. If it is the same before and after, they were all there in between. A log
 * that is not the newest is not written any more, so logs are copied oldest first.
 * @throws {StoreError} `STORE_MISSING`, `STORE_FORBIDDEN`, `STORE_DAMAGED`.
 */
export function snapshotStore(folder: string): Snapshot {
  removeLeftovers();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      if (attempt > 1) for (const name of readdirSync(path)) rmSync(join(path, name));
      if (takeFiles(folder, path)) return { path, remove };
    }
    throw new StoreError('STORE_DAMAGED', { path: folder, reason: 'its files change faster than they can be copied' });
  } catch (error) {
    remove();
    if (error instanceof StoreError) throw error;
    throw openingError(folder, error);
  }
}

/** What processes left behind that were killed. */
function removeLeftovers(): void {
  for (const entry of readdirSync(tmpdir(), { withFileTypes: true })) {
    // Nothing that anybody else may have named so.
    const pid = entry.isDirectory() ? LEFTOVER.exec(entry.name)?.[1] : undefined;
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), entry.name), { recursive: true, force: true });
    } catch {
      // It is another user's.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether nothing moved meanwhile. */
function takeFiles(from: string, to: string): boolean {
  const before = manifestOf(from);
  const names = readdirSync(from);
  const logs = names.filter((name) => LOG.test(name)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  try {
    for (const name of names) if (TABLE.test(name)) takeTable(join(from, name), join(to, name));
    copyFileSync(join(from, before.name), join(to, before.name));
    for (const name of logs) copyFileSync(join(from, name), join(to, name));
    copyFileSync(join(from, 'CURRENT'), join(to, 'CURRENT'));
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
  const after = manifestOf(from);
  return after.name === before.name && after.size === before.size;
}

function manifestOf(folder: string): { readonly name: string; readonly size: number } {
  const name = readFileSync(join(folder, 'CURRENT'), 'utf8').trim();
  if (!/^MANIFEST-\d+$/.test(name))
    throw new StoreError('STORE_DAMAGED', { path: folder, reason: 'the file CURRENT names no manifest' });
  const stat = statSync(join(folder, name), { throwIfNoEntry: false });
  if (stat === undefined)
    throw new StoreError('STORE_DAMAGED', { path: folder, reason: `the file ${name} is missing` });
  return { name, size: stat.size };
}

function takeTable(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (isGone(error)) throw error;
    // Another file system, or one without links.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
