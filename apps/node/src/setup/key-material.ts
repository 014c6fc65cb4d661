import { CryptoError, generateSeed } from '@varve/crypto';
import {
  type KeyFile,
  type OpenedKeyFile,
  openKeyFile,
  parseKeyFile,
  publicKeysOf,
  readKeyFile,
  sealKeyFile,
  writeKeyFile,
} from '@varve/crypto/files';
import { fromHex, isHex, type PublicKeyHex, publicKeyHex, toHex } from '@varve/encoding';
import { accountIdOf } from '@varve/modules';
import { SetupError } from './errors.ts';
import { readText } from './files.ts';
import { type PassphraseSource, readPassphrase } from './passphrase.ts';

/** Whose keys a file holds: `validator` signs and connects, `observer` connects, `account` signs transactions. */
export type KeyKind = 'validator' | 'observer' | 'account';

const ROLES_OF: { readonly [K in KeyKind]: readonly string[] } = {
  validator: ['signing', 'network'],
  observer: ['network'],
  account: ['account'],
};

/** Everything of a key file that may be shown. */
export interface PublicParts {
  readonly name?: string;
  readonly organization?: string;
  readonly signingKey?: PublicKeyHex;
  readonly networkKey?: PublicKeyHex;
  readonly accountKey?: PublicKeyHex;
  /** Id of the account whose first key is `accountKey`. */
  readonly accountId?: string;
}

/** Makes new keys and writes them, encrypted, to a file that must not exist. */
export function createKeyFile(
  path: string,
  kind: KeyKind,
  passphrase: string,
  options: { readonly name?: string; readonly organization?: string; readonly scryptN?: number } = {},
): PublicParts {
  const secrets = new Map(ROLES_OF[kind].map((role) => [role, generateSeed()]));
  const file = sealKeyFile(secrets, passphrase, options);
  writeKeyFile(path, file);
  for (const seed of secrets.values()) seed.fill(0);
  return publicPartsOf(file);
}

/** The public parts of a key file. */
function publicPartsOf(file: KeyFile): PublicParts {
  const keys = Object.fromEntries(publicKeysOf(file).map(([role, key]) => [`${role}Key`, publicKeyHex(key)]));
  return withAccountId({
    ...(file.name !== undefined && { name: file.name }),
    ...(file.organization !== undefined && { organization: file.organization }),
    ...keys,
  });
}

function withAccountId(parts: PublicParts): PublicParts {
  const { accountKey } = parts;
  return accountKey === undefined ? parts : { ...parts, accountId: accountIdOf(fromHex(accountKey)) };
}

/** The public parts in a key file; no passphrase is needed. */
export function readPublicParts(path: string): PublicParts {
  return publicPartsOf(readKeyFile(path));
}

/**
 * The public parts that another organization sent: the output of `varve keys show --json`.
 * @throws {SetupError} `KEY_MISSING` when the file is not that.
 */
export function readSharedParts(path: string): PublicParts {
  const text = readText(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'crypto' in value) return publicPartsOf(parseKeyFile(text));
    return withAccountId(sharedParts(value));
  } catch (cause) {
    const message = `${path} is not the output of "varve keys show --json"`;
    throw new SetupError('KEY_MISSING', message, { path, role: 'public keys' }, { cause });
  }
}

function sharedParts(value: unknown): PublicParts {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const fields = new Map(entries);
  const texts = ['name', 'organization'].flatMap((name) => (fields.has(name) ? [[name, fields.get(name)]] : []));
  const keys = ['signingKey', 'networkKey', 'accountKey'].flatMap((name) => {
    const key = fields.get(name);
    return key !== undefined && isHex(key, 32) ? [[name, publicKeyHex(key)]] : [];
  });
  return Object.fromEntries([...texts, ...keys]);
}

/**
 * Opens a key file with the passphrase in a file, or the one that is typed.
 * @throws {SetupError} `KEY_FILE_PASSPHRASE_WRONG`.
 */
export async function openKeys(path: string, passphraseFile: string | undefined): Promise<OpenedKeyFile> {
  const file = readKeyFile(path);
  const source: PassphraseSource = { file: passphraseFile, keyFile: path };
  const passphrase = await readPassphrase(source);
  try {
    return openKeyFile(file, passphrase);
  } catch (cause) {
    if (!(cause instanceof CryptoError) || cause.code !== 'KEY_FILE_PASSPHRASE_WRONG') throw cause;
    const message = `${path} does not open: the passphrase is wrong, or the file was changed`;
    throw new SetupError('KEY_FILE_PASSPHRASE_WRONG', message, { path }, { cause });
  }
}

/**
 * The secret seed of a role.
 * @throws {SetupError} `KEY_MISSING`.
 */
export function demandSeed(keys: OpenedKeyFile, role: string, path: string): Uint8Array {
  const seed = keys.secrets.get(role);
  if (seed !== undefined) return seed;
  throw new SetupError('KEY_MISSING', `${path} has no ${role} key`, { path, role });
}

/** A new passphrase that nobody has to type: for development networks. */
export function randomPassphrase(): string {
  return toHex(generateSeed());
}
