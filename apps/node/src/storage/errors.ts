/** What can be wrong with the database; `path` is its folder. */
export type StoreErrors = {
  /** There is no database in the folder; only `init` makes one. */
  STORE_MISSING: { path: string };
  /** `create` found something in the folder. */
  STORE_EXISTS: { path: string };
  /** Another process, or another store of this one, uses the folder. */
  STORE_LOCKED: { path: string };
  /** The database does not open, or a read failed. */
  STORE_DAMAGED: { path: string; reason: string };
  /** The folder or a file in it may not be read or written. */
  STORE_FORBIDDEN: { path: string; reason: string };
  /** The disk was full on opening or writing. After a write the outcome is unknown, as for `STORE_FAILED`. */
  STORE_DISK_FULL: { path: string; reason: string };
  /** A write was rejected, now or earlier: whether it is on disk is unknown, and this store does nothing more. */
  STORE_FAILED: { path: string; reason: string };
  /** A call after `close`. */
  STORE_CLOSED: { path: string };
};

const hints: { readonly [C in keyof StoreErrors]: string } = {
  STORE_MISSING: 'no database in this data directory: run "varve node init" first',
  STORE_EXISTS: 'the data directory is not empty',
  STORE_LOCKED: 'another process uses this data directory',
  STORE_DAMAGED: 'the database is damaged',
  STORE_FORBIDDEN: 'the data directory may not be read or written',
  STORE_DISK_FULL: 'the disk is full',
  STORE_FAILED: 'a write was rejected, its outcome is unknown: stop and open the database again',
  STORE_CLOSED: 'the database is closed',
};

/** A failed operation on the database. `cause` is what the library threw. */
export class StoreError<C extends keyof StoreErrors = keyof StoreErrors> extends Error {
  override readonly name = 'StoreError';
  readonly code: C;
  readonly details: StoreErrors[C];

  constructor(code: C, details: StoreErrors[C], options?: ErrorOptions) {
    super(`${code}: ${hints[code]} ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
  }
}

/** The messages of `error` and of everything it was caused by, outermost first. */
export function reasonOf(error: unknown): string {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error && messages.length < 8; at = at.cause) messages.push(at.message);
  return messages.length === 0 ? String(error) : messages.join(': ');
}

/** Whether `error` or one of its causes carries the library's `code`. */
function hasCode(error: unknown, code: string): boolean {
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < 8; depth++, at = at.cause)
    if ('code' in at && at.code === code) return true;
  return false;
}

/**
 * The coded error for what opening threw.
 * LevelDB tells a full disk and a forbidden file by message only; anything not recognised counts as damage.
 */
export function openingError(path: string, error: unknown): StoreError {
  const reason = reasonOf(error);
  const options = { cause: error };
  if (hasCode(error, 'LEVEL_LOCKED')) return new StoreError('STORE_LOCKED', { path }, options);
  if (isDiskFull(error)) return new StoreError('STORE_DISK_FULL', { path, reason }, options);
  if (/Permission denied|Read-only file system|EACCES|EPERM|EROFS/.test(reason))
    return new StoreError('STORE_FORBIDDEN', { path, reason }, options);
  return new StoreError('STORE_DAMAGED', { path, reason }, options);
}

/** Whether `error` says that no room is left on the disk or in the quota. */
export function isDiskFull(error: unknown): boolean {
  return /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/.test(reasonOf(error));
}
