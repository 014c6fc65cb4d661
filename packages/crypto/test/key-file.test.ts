import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@varve/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  KEY_FILE_BYTES_MAX,
  type KeyFile,
  openKeyFile,
  parseKeyFile,
  readKeyFile,
  SCRYPT_N_DEFAULT,
  SCRYPT_N_MIN,
  sealKeyFile,
  writeKeyFile,
} from '../src/files.ts';
import { publicKeyOf } from '../src/sign.ts';

const signing = new Uint8Array(32).fill(1);
const network = new Uint8Array(32).fill(2);
const secrets = new Map([
  ['signing', signing],
  ['network', network],
]);
const cheap = { scryptN: SCRYPT_N_MIN };
const sealed = sealKeyFile(secrets, 'correct horse', { name: 'alpha', organization: 'north', ...cheap });
const code = (expected: string) => expect.objectContaining({ code: expected });
const malformed = (reason: string) => expect.objectContaining({ code: 'KEY_FILE_MALFORMED', details: { reason } });

describe('sealKeyFile and openKeyFile', () => {
  it('show the public keys and give the secrets back', () => {
    expect(Object.keys(sealed)).toEqual(['version', 'name', 'organization', 'networkKey', 'signingKey', 'crypto']);
    expect(sealed.signingKey).toBe(toHex(publicKeyOf(signing)));
    expect(sealed.networkKey).toBe(toHex(publicKeyOf(network)));
    const text = JSON.stringify(sealed);
    expect(text).not.toContain(toHex(signing));
    const opened = openKeyFile(parseKeyFile(text), 'correct horse');
    expect(opened).toEqual({ name: 'alpha', organization: 'north', secrets });
  });

  it('hold a single account key without names', () => {
    const file = sealKeyFile(new Map([['account', signing]]), 'p', cheap);
    expect(Object.keys(file)).toEqual(['version', 'accountKey', 'crypto']);
    expect(openKeyFile(file, 'p').secrets.get('account')).toEqual(signing);
  });

  it('are as dear as the default unless told otherwise', () => {
    const file = sealKeyFile(new Map([['account', signing]]), 'p');
    expect(file.crypto).toMatchObject({ n: SCRYPT_N_DEFAULT, r: 8, p: 1 });
    expect(openKeyFile(file, 'p').secrets.get('account')).toEqual(signing);
  });

  it('never use a salt or nonce twice', () => {
    const again = sealKeyFile(secrets, 'correct horse', cheap);
    expect(again.crypto.salt).not.toBe(sealed.crypto.salt);
    expect(again.crypto.nonce).not.toBe(sealed.crypto.nonce);
  });

  it('refuse a wrong passphrase, and take one however its accents were typed', () => {
    for (const wrong of ['', 'correct hors', 'correct horse ']) {
      expect(() => openKeyFile(sealed, wrong)).toThrow(code('KEY_FILE_PASSPHRASE_WRONG'));
    }
    const file = sealKeyFile(secrets, 'caf\u00e9', cheap);
    expect(openKeyFile(file, 'cafe\u0301').secrets).toEqual(secrets);
  });

  const flipped = (hex: string) => (hex[0] === '0' ? '1' : '0') + hex.slice(1);
  it.each<{ field: string; changed: KeyFile }>([
    { field: 'name', changed: { ...sealed, name: 'beta' } },
    { field: 'organization', changed: { ...sealed, organization: 'south' } },
    { field: 'no name', changed: without(sealed, 'name') },
    { field: 'signingKey', changed: { ...sealed, signingKey: flipped(sealed.signingKey ?? '') } },
    { field: 'networkKey', changed: { ...sealed, networkKey: flipped(sealed.networkKey ?? '') } },
    {
      field: 'keys swapped',
      changed: { ...sealed, signingKey: sealed.networkKey ?? '', networkKey: sealed.signingKey ?? '' },
    },
    { field: 'a role', changed: { ...without(sealed, 'signingKey'), sealingKey: sealed.signingKey ?? '' } },
    { field: 'n', changed: withCrypto({ n: 2 * SCRYPT_N_MIN }) },
    { field: 'r', changed: withCrypto({ r: 9 }) },
    { field: 'p', changed: withCrypto({ p: 2 }) },
    { field: 'salt', changed: withCrypto({ salt: flipped(sealed.crypto.salt) }) },
    { field: 'nonce', changed: withCrypto({ nonce: flipped(sealed.crypto.nonce) }) },
    { field: 'ciphertext', changed: withCrypto({ ciphertext: flipped(sealed.crypto.ciphertext) }) },
    {
      field: 'tag',
      changed: withCrypto({
        ciphertext: sealed.crypto.ciphertext.slice(0, -2) + flipped(sealed.crypto.ciphertext.slice(-2)),
      }),
    },
  ])('refuse a changed $field', ({ changed }) => {
    expect(changed).not.toEqual(sealed);
    expect(() => openKeyFile(changed, 'correct horse')).toThrow(code('KEY_FILE_PASSPHRASE_WRONG'));
  });

  it.each<{ what: string; secrets: Map<string, Uint8Array>; options: object; passphrase: string; code: string }>([
    { what: 'no secret', secrets: new Map(), options: {}, passphrase: 'p', code: 'KEY_FILE_UNWRITABLE' },
    {
      what: 'a bad role',
      secrets: new Map([['Sign', signing]]),
      options: {},
      passphrase: 'p',
      code: 'KEY_FILE_UNWRITABLE',
    },
    { what: 'a bad name', secrets, options: { name: 'A b' }, passphrase: 'p', code: 'KEY_FILE_UNWRITABLE' },
    { what: 'an empty passphrase', secrets, options: {}, passphrase: '', code: 'KEY_FILE_UNWRITABLE' },
    { what: 'too cheap a cost', secrets, options: { scryptN: 512 }, passphrase: 'p', code: 'KEY_FILE_UNWRITABLE' },
    { what: 'an odd cost', secrets, options: { scryptN: 1500 }, passphrase: 'p', code: 'KEY_FILE_UNWRITABLE' },
    {
      what: 'a short seed',
      secrets: new Map([['account', new Uint8Array(31)]]),
      options: {},
      passphrase: 'p',
      code: 'SEED_MALFORMED',
    },
  ])('refuse to write $what', ({ secrets: given, options, passphrase, code: expected }) => {
    expect(() => sealKeyFile(given, passphrase, { ...cheap, ...options })).toThrow(code(expected));
  });
});

describe('parseKeyFile', () => {
  it.each<{ what: string; file: unknown; reason: string }>([
    { what: 'an array', file: [], reason: 'the file is not an object' },
    { what: 'another version', file: { ...sealed, version: 2 }, reason: 'version is not 1' },
    { what: 'a number for a name', file: { ...sealed, name: 1 }, reason: 'name is not a name' },
    { what: 'an unknown field', file: { ...sealed, note: 'x' }, reason: 'unknown field' },
    { what: 'a short key', file: { ...sealed, signingKey: 'ab' }, reason: 'signingKey is not 32 bytes of hexadecimal' },
    { what: 'no crypto', file: without(sealed, 'crypto'), reason: 'crypto is not an object' },
    { what: 'another kdf', file: withCrypto({ kdf: 'argon2id' }), reason: 'kdf is not scrypt' },
    { what: 'another cipher', file: withCrypto({ cipher: 'none' }), reason: 'cipher is not chacha20-poly1305' },
    { what: 'an unknown crypto field', file: withCrypto({ m: 1 }), reason: 'crypto has missing or unknown fields' },
    { what: 'a text for n', file: withCrypto({ n: '1024' }), reason: 'scrypt: not numbers' },
    {
      what: 'a key without its secret',
      file: { ...sealed, accountKey: sealed.signingKey },
      reason: 'ciphertext is not 112 bytes of hexadecimal',
    },
    { what: 'a key too few', file: without(sealed, 'signingKey'), reason: 'ciphertext is not 48 bytes of hexadecimal' },
    { what: 'no key', file: without(without(sealed, 'signingKey'), 'networkKey'), reason: 'not 1 to 8 keys' },
    {
      what: 'upper-case hexadecimal',
      file: withCrypto({ salt: sealed.crypto.salt.toUpperCase().replace(/\d/g, 'A') }),
      reason: 'salt is not 32 bytes of hexadecimal',
    },
  ])('refuses $what', ({ file, reason }) => {
    expect(() => parseKeyFile(JSON.stringify(file))).toThrow(malformed(reason));
  });

  it.each([
    { n: 2 ** 9, r: 8, p: 1 },
    { n: 1500, r: 8, p: 1 },
    { n: 2 ** 10 + 0.5, r: 8, p: 1 },
    { n: -1024, r: 8, p: 1 },
    { n: 2 ** 30, r: 1, p: 1 },
    { n: 2 ** 32 + 2 ** 10, r: 8, p: 1 },
    { n: 2 ** 20, r: 16, p: 1 },
    { n: 2 ** 10, r: 0, p: 1 },
    { n: 2 ** 10, r: 8, p: 2 ** 20 },
    { n: 2 ** 17, r: 8, p: 17 },
  ])('refuses scrypt with n $n, r $r, p $p before allocating for it', (parameters) => {
    expect(() => parseKeyFile(JSON.stringify(withCrypto(parameters)))).toThrow(
      malformed('scrypt parameters out of range'),
    );
    expect(() => openKeyFile(withCrypto(parameters), 'p')).toThrow(malformed('scrypt parameters out of range'));
  });

  it('refuses what is not JSON', () => {
    for (const text of ['', '{', 'null0']) expect(() => parseKeyFile(text)).toThrow(malformed('not JSON'));
  });
});

describe('writeKeyFile and readKeyFile', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'varve-keys-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('keep the file, mode 0600, and leave nothing else', () => {
    const own = join(folder, 'own');
    mkdirSync(own);
    const path = join(own, 'validator.json');
    writeKeyFile(path, sealed);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(own)).toEqual(['validator.json']);
    expect(readKeyFile(path)).toEqual(sealed);
  });

  it('never overwrite', () => {
    const path = join(folder, 'kept.json');
    writeFileSync(path, 'precious');
    expect(() => writeKeyFile(path, sealed)).toThrow(code('KEY_FILE_EXISTS'));
    const dangling = join(folder, 'dangling.json');
    symlinkSync(join(folder, 'nowhere'), dangling);
    expect(() => writeKeyFile(dangling, sealed)).toThrow(code('KEY_FILE_EXISTS'));
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o700, 0o601])('refuse mode %o', (mode) => {
    const path = join(folder, `mode-${mode}.json`);
    writeKeyFile(path, sealed);
    chmodSync(path, mode);
    expect(() => readKeyFile(path)).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_TOO_OPEN', details: { path, mode: `0${mode.toString(8)}` } }),
    );
    chmodSync(path, 0o400);
    expect(readKeyFile(path)).toEqual(sealed);
  });

  it('say why a file cannot be read or written', () => {
    const long = join(folder, 'long.json');
    writeFileSync(long, ' '.repeat(KEY_FILE_BYTES_MAX + 1), { mode: 0o600 });
    expect(() => readKeyFile(long)).toThrow(malformed('too long'));
    expect(() => readKeyFile(folder)).toThrow(malformed('not a regular file'));
    const missing = join(folder, 'none', 'file.json');
    expect(() => readKeyFile(missing)).toThrow(code('KEY_FILE_IO'));
    expect(() => writeKeyFile(missing, sealed)).toThrow(code('KEY_FILE_IO'));
  });
});

function without(file: KeyFile, field: string): KeyFile {
  return Object.fromEntries(Object.entries(file).filter(([name]) => name !== field)) as unknown as KeyFile;
}

function withCrypto(fields: object): KeyFile {
  return { ...sealed, crypto: { ...sealed.crypto, ...fields } };
}
