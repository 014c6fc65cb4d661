import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '@varve/encoding';
import { CryptoError } from './errors.ts';
import {
  areScryptParametersSane,
  assertKeyFile,
  associatedData,
  isName,
  isRole,
  KEYS_MAX,
  type KeyFile,
  type KeyFileCrypto,
  type OpenedKeyFile,
  publicKeysOf,
  SCRYPT_N_DEFAULT,
} from './key-file.ts';
import { publicKeyOf, SEED_BYTES } from './sign.ts';

const TAG_BYTES = 16;

/** What else a key file says, and how dear its passphrase is to guess. */
export interface SealOptions {
  readonly name?: string;
  readonly organization?: string;
  /** Power of two, at least `SCRYPT_N_MIN`; below `SCRYPT_N_DEFAULT` only for devnets and tests. */
  readonly scryptN?: number;
}

/**
 * Encrypts secret seeds under a passphrase: scrypt (RFC 7914), then ChaCha20-Poly1305 (RFC 8439) with everything
 * readable in the file as associated data.
 * @param secrets - Seeds by role, such as `signing` and `network`, or `account`.
 * @param passphrase - Not empty; normalized to NFKC, so that it can be typed on any keyboard.
 * @throws {CryptoError} `KEY_FILE_UNWRITABLE` for a role, name or cost out of range or an empty passphrase;
 *   `SEED_MALFORMED` unless every seed has 32 bytes.
 */
export function sealKeyFile(
  secrets: ReadonlyMap<string, Uint8Array>,
  passphrase: string,
  options: SealOptions = {},
): KeyFile {
  const roles = [...secrets.keys()].sort();
  if (roles.length < 1 || roles.length > KEYS_MAX) unwritable(`not 1 to ${KEYS_MAX} keys`);
  if (!roles.every(isRole)) unwritable('a role is not 1 to 16 lower-case letters');
  const { name, organization, scryptN: n = SCRYPT_N_DEFAULT } = options;
  if (![name, organization].every((text) => text === undefined || isName(text))) unwritable('malformed name');
  if (passphrase === '') unwritable('empty passphrase');
  const cost = { n, r: 8, p: 1 };
  if (!areScryptParametersSane(cost)) unwritable('scrypt parameters out of range');
  const publicKeys: Record<`${string}Key`, string> = {};
  const seeds: Uint8Array[] = [];
  for (const [role, seed] of [...secrets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    publicKeys[`${role}Key`] = toHex(publicKeyOf(seed));
    seeds.push(seed);
  }
  const nonce = randomBytes(12);
  const crypto = { kdf: 'scrypt', ...cost, salt: toHex(randomBytes(32)), cipher: 'chacha20-poly1305' } as const;
  const file: KeyFile = {
    version: 1,
    ...(name !== undefined && { name }),
    ...(organization !== undefined && { organization }),
    ...publicKeys,
    crypto: { ...crypto, nonce: toHex(nonce), ciphertext: '' },
  };
  const cipher = createCipheriv('chacha20-poly1305', deriveKey(passphrase, file.crypto), nonce, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(associatedData(file), { plaintextLength: seeds.length * SEED_BYTES });
  const plaintext = concatBytes(...seeds);
  const ciphertext = concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  plaintext.fill(0);
  return { ...file, crypto: { ...file.crypto, ciphertext: toHex(ciphertext) } };
}

/**
 * Decrypts a key file.
 * @throws {CryptoError} `KEY_FILE_MALFORMED` for a wrong shape, or when a public key is not that of its secret;
 *   `KEY_FILE_PASSPHRASE_WRONG` when the passphrase is wrong or anything in the file was changed.
 */
export function openKeyFile(file: KeyFile, passphrase: string): OpenedKeyFile {
  assertKeyFile(file);
  const plaintext = decrypt(file, passphrase);
  const secrets = new Map<string, Uint8Array>();
  for (const [index, [role, publicKey]] of publicKeysOf(file).entries()) {
    const seed = plaintext.slice(index * SEED_BYTES, (index + 1) * SEED_BYTES);
    if (toHex(publicKeyOf(seed)) !== publicKey) {
      throw new CryptoError('KEY_FILE_MALFORMED', { reason: `${role}Key is not the public key of its secret` });
    }
    secrets.set(role, seed);
  }
  plaintext.fill(0);
  return { name: file.name, organization: file.organization, secrets };
}

function decrypt(file: KeyFile, passphrase: string): Uint8Array {
  const sealed = fromHex(file.crypto.ciphertext);
  const body = sealed.subarray(0, -TAG_BYTES);
  const decipher = createDecipheriv(
    'chacha20-poly1305',
    deriveKey(passphrase, file.crypto),
    fromHex(file.crypto.nonce),
    { authTagLength: TAG_BYTES },
  );
  decipher.setAAD(associatedData(file), { plaintextLength: body.length });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    // A copy, since slices of a Buffer would share its memory.
    return new Uint8Array(concatBytes(decipher.update(body), decipher.final()));
  } catch (cause) {
    throw new CryptoError('KEY_FILE_PASSPHRASE_WRONG', {}, { cause });
  }
}

function deriveKey(passphrase: string, { n, r, p, salt }: KeyFileCrypto): Uint8Array {
  const maxmem = 128 * r * (n + p + 2);
  return scryptSync(passphrase.normalize('NFKC'), fromHex(salt), 32, { N: n, r, p, maxmem });
}

function unwritable(reason: string): never {
  throw new CryptoError('KEY_FILE_UNWRITABLE', { reason });
}
