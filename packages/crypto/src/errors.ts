/** What can go wrong with keys; nothing here ever carries a secret. */
export type CryptoErrors = {
  /** A secret seed is not 32 bytes. */
  SEED_MALFORMED: { length: number };
  /** What was asked to be written into a key file cannot be: names, scrypt cost, passphrase. */
  KEY_FILE_UNWRITABLE: { reason: string };
  /** A key file exists already; it is never overwritten. */
  KEY_FILE_EXISTS: { path: string };
  /** The file could not be read or written; the cause says why. */
  KEY_FILE_IO: { path: string; operation: 'read' | 'write' };
  /** Others than the owner may read the file; `mode` is octal. */
  KEY_FILE_TOO_OPEN: { path: string; mode: string };
  /** The file is not of the format of `key-file.ts`. */
  KEY_FILE_MALFORMED: { reason: string };
  /** The passphrase is wrong, or the file was changed after it was written. */
  KEY_FILE_PASSPHRASE_WRONG: Record<string, never>;
};

/** A failed operation on keys, told apart by `code`. */
export class CryptoError<C extends keyof CryptoErrors = keyof CryptoErrors> extends Error {
  override readonly name = 'CryptoError';
  readonly code: C;
  readonly details: CryptoErrors[C];

  constructor(code: C, details: CryptoErrors[C], options?: ErrorOptions) {
    super(`${code}: ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
  }
}
