import { EncodingError } from './errors.ts';
import { isHex } from './hex.ts';

declare const brand: unique symbol;
/** A `T` that only its constructor below makes: two kinds of identifier never mix. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Position of a block in the chain: a safe integer, 0 for the genesis block. */
export type Height = Brand<number, 'Height'>;
/** SHA-256 of the genesis document. */
export type ChainId = Brand<string, 'ChainId'>;
/** SHA-256 of a header. */
export type BlockHash = Brand<string, 'BlockHash'>;
/** SHA-256 of a transaction's Sig_structure (RFC 9052 §4.4). */
export type TransactionId = Brand<string, 'TransactionId'>;
/** SHA-256 of an account's first public key. */
export type AccountId = Brand<string, 'AccountId'>;
/** SHA-256 of a payload. */
export type PayloadId = Brand<string, 'PayloadId'>;
/** SHA-256 of a configuration. */
export type ConfigurationHash = Brand<string, 'ConfigurationHash'>;
/** One run of one engine: see DESIGN on instances. */
export type InstanceId = Brand<string, 'InstanceId'>;
/** An Ed25519 public key, 64 hexadecimal digits. */
export type PublicKeyHex = Brand<string, 'PublicKeyHex'>;
/** A validator's name in its configuration. */
export type NodeId = Brand<string, 'NodeId'>;

function hash<B extends string>(kind: string, text: string): B {
  if (!isHex(text, 32)) throw new EncodingError('ID_MALFORMED', { kind, text: text.slice(0, 80) });
  return text as B;
}

/** @throws {EncodingError} `ID_MALFORMED` unless 64 lower-case hexadecimal digits; so do all constructors of hashes here. */
export const chainId = (text: string): ChainId => hash<ChainId>('chain id', text);
/** See `chainId`. */
export const blockHash = (text: string): BlockHash => hash<BlockHash>('block hash', text);
/** See `chainId`. */
export const transactionId = (text: string): TransactionId => hash<TransactionId>('transaction id', text);
/** See `chainId`. */
export const accountId = (text: string): AccountId => hash<AccountId>('account id', text);
/** See `chainId`. */
export const payloadId = (text: string): PayloadId => hash<PayloadId>('payload id', text);
/** See `chainId`. */
export const configurationHash = (text: string): ConfigurationHash =>
  hash<ConfigurationHash>('configuration hash', text);
/** See `chainId`. */
export const instanceId = (text: string): InstanceId => hash<InstanceId>('instance id', text);
/** See `chainId`. */
export const publicKeyHex = (text: string): PublicKeyHex => hash<PublicKeyHex>('public key', text);

/** @throws {EncodingError} `ID_MALFORMED` unless 1 to 32 of `a-z`, `0-9` and `-`. */
export function nodeId(text: string): NodeId {
  if (!/^[a-z0-9-]{1,32}$/.test(text))
    throw new EncodingError('ID_MALFORMED', { kind: 'node id', text: text.slice(0, 80) });
  return text as NodeId;
}

/** @throws {EncodingError} `ID_MALFORMED` unless a safe integer of at least 0. */
export function height(value: number): Height {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new EncodingError('ID_MALFORMED', { kind: 'height', text: String(value) });
  return value as Height;
}
