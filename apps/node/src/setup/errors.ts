import type { DocumentProblem } from './located.ts';

/** What can be wrong with the files that people write, and with the folders they name. */
export type SetupErrors = {
  /** A genesis document breaks a rule; the problems say where and how to mend it. */
  GENESIS_INVALID: { file: string; problems: readonly DocumentProblem[] };
  /** A node configuration breaks a rule. */
  CONFIGURATION_INVALID: { file: string; problems: readonly DocumentProblem[] };
  /** A file cannot be read or written. */
  FILE_FAILED: { path: string; reason: string };
  /** A file exists that would have to be overwritten. */
  FILE_EXISTS: { path: string };
  /** There is no node in the folder: `node init` makes one. */
  NODE_UNINITIALIZED: { path: string };
  /** `node init` found a node in the folder. */
  NODE_INITIALIZED: { path: string };
  /** The key file lacks a key that the task needs. */
  KEY_MISSING: { path: string; role: string };
  /** The genesis document has no validator with these keys. */
  KEY_NOT_IN_GENESIS: { path: string; networkKey: string };
  /** The key file is not the one the folder was made for. */
  KEY_MISMATCH: { path: string; expected: string; found: string };
  /** The passphrase does not open the key file. */
  KEY_FILE_PASSPHRASE_WRONG: { path: string };
  /** A passphrase is needed and nobody can be asked. */
  PASSPHRASE_NEEDED: { path: string };
  /** Two passphrases typed for a new key differ. */
  PASSPHRASE_DIFFERS: Record<string, never>;
  /** A peer is given by a name that the genesis document does not have. */
  PEER_UNKNOWN: { peer: string };
};

/** A failed operation on keys, documents and folders, told apart by `code`; `message` is a sentence for people. */
export class SetupError<C extends keyof SetupErrors = keyof SetupErrors> extends Error {
  override readonly name = 'SetupError';
  readonly code: C;
  readonly details: SetupErrors[C];

  constructor(code: C, message: string, details: SetupErrors[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
