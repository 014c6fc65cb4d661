import { sha256Hex } from '@varve/crypto';
import {
  type AccountId,
  CborReader,
  type CborValue,
  type ChainId,
  concatBytes,
  encodeCbor,
  fromHex,
  latin1,
  sharedCopy,
  type TransactionId,
  toHex,
} from '@varve/encoding';
import { LedgerError, readingAs } from './errors.ts';
import { RecurringTexts } from './recurring-texts.ts';
import { signedBytesOf } from './signed-bytes.ts';

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
  /** SHA-256 of `bytes`, signature included: what a leaf names. */
  readonly hash: Uint8Array;
  /** The same in hexadecimal: what verdicts are kept under. */
  readonly hashHex: string;
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
const KEY_OFFSET = PREFIX.length;
const UNPROTECTED_OFFSET = KEY_OFFSET + 32;
const BODY_OFFSET = UNPROTECTED_OFFSET + 1;
/** The empty unprotected map. */
const EMPTY_MAP = 0xa0;
/** A signature with its head, `58 40`. */
const SIGNATURE_ITEM_BYTES = 2 + 64;
/** In the body: `86` (array of 6), `01` (version), `58 20` and chain id, `58 20` and account, `50` and nonce. */
const BODY = { chain: 4, account: 38, nonce: 71, validUntil: 87 } as const;
const NAME_BYTES_MAX = 32;
const NAME_REASON = 'a module or method name is not [a-z][a-z0-9.-]{0,31}';
const NAME = /^[a-z][a-z0-9.-]{0,31}$/;

/** Chain ids, accounts, modules and methods come again and again. */
const hashes = new RecurringTexts(toHex);
const names = new RecurringTexts(nameOf);

/**
 * Decodes a COSE_Sign1 transaction of exactly the one form of DESIGN §4.
 * @throws {LedgerError} `TRANSACTION_MALFORMED` for any other bytes.
 */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  return readingAs('TRANSACTION_MALFORMED', () => new ReceivedTransaction(bytes));
}

/**
 * A transaction over the bytes it came in. Many wait at once, each for a second or more: what few ask for is made when
 * asked, and each part that is kept costs the collector.
 */
class ReceivedTransaction implements Transaction {
  readonly bytes: Uint8Array;
  readonly id: TransactionId;
  readonly hashHex: string;
  readonly chainId: ChainId;
  readonly account: AccountId;
  readonly validUntil: number;
  readonly operations: readonly Operation[];
  readonly #nonceOffset: number;

  constructor(bytes: Uint8Array) {
    if (bytes.length > TRANSACTION_BYTES_HARD_MAX) throw malformed(`larger than ${TRANSACTION_BYTES_HARD_MAX} bytes`);
    for (let i = 0; i < KEY_OFFSET; i++) if (bytes[i] !== PREFIX[i]) throw malformed('not the COSE_Sign1 prefix');
    if (bytes[UNPROTECTED_OFFSET] !== EMPTY_MAP) throw malformed('the unprotected header is not empty');
    const reader = new CborReader(bytes);
    reader.offset = BODY_OFFSET;
    const bodyEnd = reader.byteStringLength() + reader.offset;
    const body = reader.offset;
    demandSignature(bytes, bodyEnd);
    demandHeads(bytes, body, bodyEnd);
    this.bytes = bytes;
    this.chainId = hashes.of(bytes, body + BODY.chain, 32) as ChainId;
    this.account = hashes.of(bytes, body + BODY.account, 32) as AccountId;
    this.#nonceOffset = body + BODY.nonce;
    reader.offset = body + BODY.validUntil;
    this.validUntil = reader.uint();
    this.operations = readOperations(reader);
    // Whatever was read beyond the body ends beyond it too.
    if (reader.offset !== bodyEnd) throw malformed('the body does not end where its length says');
    this.id = sha256Hex(signedBytesOf(bytes, bodyEnd)) as TransactionId;
    this.hashHex = sha256Hex(bytes);
  }

  get hash(): Uint8Array {
    return fromHex(this.hashHex);
  }

  get nonce(): Uint8Array {
    return this.bytes.subarray(this.#nonceOffset, this.#nonceOffset + 16);
  }

  get publicKey(): Uint8Array {
    return this.bytes.subarray(KEY_OFFSET, UNPROTECTED_OFFSET);
  }

  get signature(): Uint8Array {
    return this.bytes.subarray(this.bytes.length - 64);
  }

  get signedBytes(): Uint8Array {
    return sharedCopy(signedBytesOf(this.bytes, this.bytes.length - SIGNATURE_ITEM_BYTES));
  }
}

/** Demands that the body is followed by a signature and nothing else. */
function demandSignature(bytes: Uint8Array, bodyEnd: number): void {
  if (bytes[bodyEnd] !== 0x58 || bytes[bodyEnd + 1] !== 0x40)
    throw malformed('no signature of 64 bytes after the body');
  if (bytes.length !== bodyEnd + SIGNATURE_ITEM_BYTES)
    throw malformed('the signature is cut short, or more follows it');
}

/** Demands the heads before the body's first four fields; so much is there when the body is long enough. */
function demandHeads(bytes: Uint8Array, body: number, bodyEnd: number): void {
  if (bodyEnd - body < BODY.validUntil) throw malformed('the body is too short');
  if (bytes[body] !== 0x86 || bytes[body + 1] !== 1)
    throw malformed('the body is no array of 6 that begins with version 1');
  if (!isHashAt(bytes, body + BODY.chain)) throw malformed('the chain id is no byte string of 32 bytes');
  if (!isHashAt(bytes, body + BODY.account)) throw malformed('the account is no byte string of 32 bytes');
  if (bytes[body + BODY.nonce - 1] !== 0x50) throw malformed('the nonce is no byte string of 16 bytes');
}

/** Whether the head before `at` is that of 32 bytes. */
function isHashAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 2] === 0x58 && bytes[at - 1] === 32;
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
  const unsigned = concatBytes(PREFIX, publicKey, Uint8Array.of(EMPTY_MAP), encodeCbor(bodyBytes));
  return {
    signedBytes: sharedCopy(signedBytesOf(unsigned, unsigned.length)),
    assemble: (signature) => decodeTransaction(concatBytes(unsigned, encodeCbor(signature))),
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

function readOperations(reader: CborReader): Operation[] {
  const operations = reader.list(readOperation, OPERATIONS_HARD_MAX);
  if (operations.length === 0) throw malformed('no operations');
  return operations;
}

function readOperation(reader: CborReader): Operation {
  reader.array(3);
  const module = readName(reader);
  const method = readName(reader);
  // The arguments already lie within three arrays: body, operations, operation.
  const args = reader.list(readArgument);
  return { module, method, arguments: args };
}

function readArgument(reader: CborReader): CborValue {
  return reader.value(4);
}

function readName(reader: CborReader): string {
  const length = reader.textLength();
  if (length > NAME_BYTES_MAX) throw malformed(NAME_REASON);
  const { offset } = reader;
  reader.offset += length;
  return names.of(reader.bytes, offset, length);
}

function nameOf(bytes: Uint8Array): string {
  // Only ASCII can match, of which UTF-8 and Latin-1 are the same.
  const text = latin1(bytes);
  if (!NAME.test(text)) throw malformed(NAME_REASON);
  return text;
}

function malformed(reason: string): LedgerError {
  return new LedgerError('TRANSACTION_MALFORMED', { reason });
}
