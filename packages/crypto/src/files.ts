export {
  type KeyFile,
  type KeyFileCrypto,
  type OpenedKeyFile,
  parseKeyFile,
  publicKeysOf,
  SCRYPT_N_DEFAULT,
  SCRYPT_N_MIN,
} from './key-file.ts';
export { openKeyFile, type SealOptions, sealKeyFile } from './key-file-seal.ts';
export { KEY_FILE_BYTES_MAX, readKeyFile, writeKeyFile } from './key-file-store.ts';
