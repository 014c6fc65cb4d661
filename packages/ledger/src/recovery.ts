import type { CborReader } from '@varve/encoding';
import { readConfiguration, readName, VALIDATORS_MAX } from './configuration-codec.ts';
import { LedgerError } from './errors.ts';

const DOMAIN = 'varve/recovery/1';
/** The heads of `recovery` and of what its organizations sign: arrays of 2 and of 6. */
const HEADS = [0x82, 0x86];

/**
 * Whether a recovery document stands where a certificate could (FORMATS `recovery`); nothing is read. A certificate is an
 * array of five items, so the first byte tells them apart.
 */
export function isRecovery(reader: CborReader): boolean {
  return reader.peek() === HEADS[0] && reader.bytes[reader.offset + 1] === HEADS[1];
}

/**
 * Reads a whole recovery document, and refuses it: no version makes or judges one yet, and a verifier must not take for
 * garbage what a later version may accept.
 * @throws {LedgerError} `RECOVERY_UNSUPPORTED`.
 * @throws {EncodingError} where it is none.
 */
export function refuseRecovery(reader: CborReader): never {
  reader.array(2);
  reader.array(6);
  reader.exactText(DOMAIN);
  reader.byteString(32);
  const height = reader.uint();
  reader.byteString(32);
  readConfiguration(reader);
  reader.text();
  const signatures = reader.list((inner) => {
    inner.array(3);
    readName(inner);
    inner.byteString(32);
    inner.byteString(64);
  }, VALIDATORS_MAX);
  const reason = `a recovery document of ${signatures.length} organizations stands for the certificate of block ${height}`;
  throw new LedgerError('RECOVERY_UNSUPPORTED', { reason });
}
