import { encodeCbor, isHex } from '@varve/encoding';
import { CryptoError } from './errors.ts';

/** Memory and time of the key derivation when nothing else is asked for: 128 MiB, some 0.4 s. */
export const SCRYPT_N_DEFAULT: number = 2 ** 17;
/** The cheapest key derivation that is written or opened at all; for devnets and tests. */
export const SCRYPT_N_MIN: number = 2 ** 10;
/** Most memory a key file may make us allocate (scrypt takes 128·n·r bytes). */
const SCRYPT_MEMORY_BYTES_MAX: number = 2 ** 30;
/** Most work a key file may make us do, as n·r·p; the default is 2^20. */
const SCRYPT_WORK_MAX: number = 2 ** 24;

/** Most keys of one file. */
export const KEYS_MAX = 8;

/** How the secrets are encrypted: every byte string is lower-case hexadecimal. */
export interface KeyFileCrypto {
  readonly kdf: 'scrypt';
  readonly n: number;
  readonly r: number;
  readonly p: number;
  /** 32 bytes. */
  readonly salt: string;
  readonly cipher: 'chacha20-poly1305';
  /** 12 bytes. */
  readonly nonce: string;
  /** The seeds, 32 bytes each, in ascending order of their roles; then the 16-byte tag. */
  readonly ciphertext: string;
}

/**
 * A key file as it stands in JSON. A validator's has `signingKey` and `networkKey`, an account's `accountKey`:
 * `<role>Key` is the public key of the secret with that role.
 */
export interface KeyFile {
  readonly version: 1;
  readonly name?: string;
  readonly organization?: string;
  readonly crypto: KeyFileCrypto;
  readonly [role: `${string}Key`]: string;
}

/** What a key file holds once opened. Whoever asked for the secrets keeps them out of logs and messages. */
export interface OpenedKeyFile {
  readonly name: string | undefined;
  readonly organization: string | undefined;
  /** Secret seeds by role, 32 bytes each. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

/** Roles and public keys (hexadecimal) of a key file, ascending by role. */
export function publicKeysOf(file: Pick<KeyFile, `${string}Key`>): readonly (readonly [role: string, key: string])[] {
  const keys: [string, string][] = [];
  for (const [field, value] of Object.entries(file)) {
    if (field.endsWith('Key') && typeof value === 'string') keys.push([field.slice(0, -'Key'.length), value]);
  }
  return keys.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether `role` can name a secret: 1 to 16 lower-case letters. */
export function isRole(role: string): boolean {
  return /^[a-z]{1,16}$/.test(role);
}

/** Whether `name` can stand for a validator or an organization in a key file (FORMATS, Values: name). */
export function isName(name: string): boolean {
  return /^[a-z0-9-]{1,32}$/.test(name);
}

/** Whether scrypt with these parameters is neither too cheap nor an attack on the reader. */
export function areScryptParametersSane({ n, r, p }: Pick<KeyFileCrypto, 'n' | 'r' | 'p'>): boolean {
  if (![n, r, p].every((parameter) => Number.isSafeInteger(parameter) && parameter >= 1)) return false;
  if (n < SCRYPT_N_MIN || !Number.isInteger(Math.log2(n))) return false;
  return 128 * n * r <= SCRYPT_MEMORY_BYTES_MAX && n * r * p <= SCRYPT_WORK_MAX;
}

/** Everything in a key file but nonce and ciphertext, which the cipher authenticates with the secrets. */
export function associatedData(file: KeyFile): Uint8Array {
  const { kdf, n, r, p, salt, cipher } = file.crypto;
  return encodeCbor([
    'varve/key-file/1',
    file.name ?? null,
    file.organization ?? null,
    publicKeysOf(file),
    [kdf, n, r, p, salt, cipher],
  ]);
}

/**
 * The key file in `text`, checked for its whole shape but not yet decrypted.
 * @throws {CryptoError} `KEY_FILE_MALFORMED`.
 */
export function parseKeyFile(text: string): KeyFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CryptoError('KEY_FILE_MALFORMED', { reason: 'not JSON' }, { cause });
  }
  assertKeyFile(parsed);
  return parsed;
}

/**
 * Demands the shape of a key file.
 * @throws {CryptoError} `KEY_FILE_MALFORMED`.
 */
export function assertKeyFile(value: unknown): asserts value is KeyFile {
  const file = record(value, 'the file');
  if (file.version !== 1) malformed('version is not 1');
  let keys = 0;
  for (const [field, content] of Object.entries(file)) {
    if (field === 'version' || field === 'crypto') continue;
    if (field === 'name' || field === 'organization') {
      if (typeof content !== 'string' || !isName(content)) malformed(`${field} is not a name`);
    } else if (field.endsWith('Key') && isRole(field.slice(0, -'Key'.length))) {
      hex(content, 32, field);
      keys += 1;
    } else malformed('unknown field');
  }
  if (keys < 1 || keys > KEYS_MAX) malformed(`not 1 to ${KEYS_MAX} keys`);
  assertCrypto(file.crypto, keys);
}

function assertCrypto(value: unknown, keys: number): void {
  const crypto = record(value, 'crypto');
  const fields = ['cipher', 'ciphertext', 'kdf', 'n', 'nonce', 'p', 'r', 'salt'];
  if (Object.keys(crypto).sort().join() !== fields.join()) malformed('crypto has missing or unknown fields');
  if (crypto.kdf !== 'scrypt') malformed('kdf is not scrypt');
  if (crypto.cipher !== 'chacha20-poly1305') malformed('cipher is not chacha20-poly1305');
  const { n, r, p } = crypto;
  if (typeof n !== 'number' || typeof r !== 'number' || typeof p !== 'number') malformed('scrypt: not numbers');
  if (!areScryptParametersSane({ n, r, p })) malformed('scrypt parameters out of range');
  hex(crypto.salt, 32, 'salt');
  hex(crypto.nonce, 12, 'nonce');
  hex(crypto.ciphertext, 32 * keys + 16, 'ciphertext');
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) malformed(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function hex(value: unknown, bytes: number, what: string): void {
  if (typeof value !== 'string' || !isHex(value, bytes)) malformed(`${what} is not ${bytes} bytes of hexadecimal`);
}

function malformed(reason: string): never {
  throw new CryptoError('KEY_FILE_MALFORMED', { reason });
}
