import { sha256 } from '@varve/crypto';
import {
  type AccountId,
  accountId,
  bytesEqual,
  CborReader,
  type CborValue,
  type ChainId,
  chainId,
  concatBytes,
  encodeCbor,
  fromHex,
  type TransactionId,
  toHex,
  utf8Encode,
} from '@varve/encoding';
import { LedgerError, readingAs } from './errors.ts';

/** The call of one method of one module. */
export interface Operation {
  readonly module: string;
  readonly method: string;
  readonly arguments: readonly CborValue[];
}

/** What a client signs. */
export interface TransactionBody {
  readonly chainId: ChainId;
  readonly account: AccountId;
  /** 16 random bytes: two transactions with equal operations differ by it. */
  readonly nonce: Uint8Array;
  /** Last block time at which it may execute, Unix milliseconds. */
  readonly validUntil: number;
  /** Executed in order, all or none. */
  readonly operations: readonly Operation[];
}

/** A decoded transaction; its signature is not yet judged. */
export interface Transaction extends TransactionBody {
  readonly id: TransactionId;
  /** The whole COSE_Sign1 message as received. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, signature included: what verdicts are kept under, and what a leaf names. */
  readonly hash: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
  /** The Sig_structure of RFC 9052 §4.4: what the signature covers, and whose SHA-256 is the id. */
  readonly signedBytes: Uint8Array;
}

/** No record can be larger, whatever a configuration says: bounds work on bytes that nobody has authenticated. */
export const TRANSACTION_BYTES_HARD_MAX: number = 1024 * 1024;
/** No transaction can have more operations, whatever a configuration says. */
export const OPERATIONS_HARD_MAX = 1024;

/** `d2` (tag 18), `84` (array of 4), `58 26` (38 bytes of protected header): `a2 01 27 04 58 20` (EdDSA, kid of 32). */
const PREFIX = fromHex('d2845826' + 'a2012704' + '5820');
const PROTECTED_LENGTH = 38;
const PROTECTED_OFFSET = 4;
const KEY_OFFSET = PREFIX.length;
const UNPROTECTED_OFFSET = KEY_OFFSET + 32;
/** The empty unprotected map. */
const EMPTY_MAP = 0xa0;
const EXTERNAL_AAD = utf8Encode('varve/tx/1');
const NAME = /^[a-z][a-z0-9.-]{0,31}$/;

/**
 * Decodes a COSE_Sign1 transaction of exactly the one form of DESIGN §4.
 * @throws {LedgerError} `TRANSACTION_MALFORMED` for any other bytes.
 */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  return readingAs('TRANSACTION_MALFORMED', () => {
    if (bytes.length > TRANSACTION_BYTES_HARD_MAX) throw malformed(`larger than ${TRANSACTION_BYTES_HARD_MAX} bytes`);
    if (!bytesEqual(bytes.subarray(0, KEY_OFFSET), PREFIX)) throw malformed('not the COSE_Sign1 prefix');
    if (bytes[UNPROTECTED_OFFSET] !== EMPTY_MAP) throw malformed('the unprotected header is not empty');
    const reader = new CborReader(bytes);
    reader.offset = UNPROTECTED_OFFSET + 1;
    const body = reader.byteString();
    const signature = reader.byteString(64);
    reader.end();
    const signedBytes = sigStructure(bytes.subarray(PROTECTED_OFFSET, PROTECTED_OFFSET + PROTECTED_LENGTH), body);
    return {
      ...decodeBody(body),
      id: toHex(sha256(signedBytes)) as TransactionId,
      bytes,
      hash: sha256(bytes),
      publicKey: bytes.subarray(KEY_OFFSET, UNPROTECTED_OFFSET),
      signature,
      signedBytes,
    };
  });
}

/** The transaction of `bytes`, or `undefined` where they are none. */
export function decodedTransaction(bytes: Uint8Array): Transaction | undefined {
  try {
    return decodeTransaction(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The bytes to sign for `body` under `publicKey`, and a function that makes the transaction of the signature.
 * @throws {LedgerError} `TRANSACTION_MALFORMED` where the body is none that `decodeTransaction` accepts.
 */
export function prepareTransaction(
  body: TransactionBody,
  publicKey: Uint8Array,
): { readonly signedBytes: Uint8Array; readonly assemble: (signature: Uint8Array) => Transaction } {
  const bodyBytes = readingAs('TRANSACTION_MALFORMED', () => encodeBody(body));
  const header = concatBytes(PREFIX.subarray(PROTECTED_OFFSET), publicKey);
  const signedBytes = sigStructure(header, bodyBytes);
  return {
    signedBytes,
    assemble: (signature) =>
      decodeTransaction(
        concatBytes(PREFIX, publicKey, Uint8Array.of(EMPTY_MAP), encodeCbor(bodyBytes), encodeCbor(signature)),
      ),
  };
}

/** CBOR of the body, FORMATS `body`. */
function encodeBody(body: TransactionBody): Uint8Array {
  return encodeCbor([
    1,
    fromHex(body.chainId),
    fromHex(body.account),
    body.nonce,
    body.validUntil,
    body.operations.map((operation) => [operation.module, operation.method, operation.arguments]),
  ]);
}

function decodeBody(bytes: Uint8Array): TransactionBody {
  const reader = new CborReader(bytes);
  reader.array(6);
  reader.exactly(1);
  const chain = chainId(toHex(reader.byteString(32)));
  const account = accountId(toHex(reader.byteString(32)));
  const nonce = reader.byteString(16);
  const validUntil = reader.uint();
  const operations = reader.list(decodeOperation, OPERATIONS_HARD_MAX);
  if (operations.length === 0) throw malformed('no operations');
  reader.end();
  return { chainId: chain, account, nonce, validUntil, operations };
}

function decodeOperation(reader: CborReader): Operation {
  reader.array(3);
  const module = name(reader);
  const method = name(reader);
  // The arguments already lie within three arrays: body, operations, operation.
  const args = reader.list((inner) => inner.value(4));
  return { module, method, arguments: args };
}

function name(reader: CborReader): string {
  const text = reader.text();
  if (!NAME.test(text)) throw malformed('a module or method name is not [a-z][a-z0-9.-]{0,31}');
  return text;
}

/** `["Signature1", protected, external_aad, payload]`, RFC 9052 §4.4. */
function sigStructure(protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', protectedHeader, EXTERNAL_AAD, payload]);
}

function malformed(reason: string): LedgerError {
  return new LedgerError('TRANSACTION_MALFORMED', { reason });
}
