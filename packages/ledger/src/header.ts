import { type Anchor, EPOCH_ZERO, type Epoch } from '@varve/consensus';
import { sha256, sha256Hex } from '@varve/crypto';
import {
  type BlockHash,
  blockHash,
  CborReader,
  type ChainId,
  type ConfigurationHash,
  chainId,
  configurationHash,
  encodeCbor,
  fromHex,
  type Height,
  height,
  type PayloadId,
  payloadId,
  toHex,
} from '@varve/encoding';
import { epochValue, readEpoch } from './epoch-codec.ts';
import { readingAs } from './errors.ts';

/** What a block commits to. Its SHA-256 is the block hash, and what validators seal. */
export interface Header {
  readonly chainId: ChainId;
  readonly height: Height;
  readonly parentHash: BlockHash;
  /** Place in the log of the engine that ordered it, and the epoch in which it was first proposed. */
  readonly index: number;
  readonly epoch: Epoch;
  /** Unix milliseconds, never below the parent's. */
  readonly time: number;
  readonly configurationHash: ConfigurationHash;
  /** Differs from `configurationHash` only in the last block of a configuration. */
  readonly nextConfigurationHash: ConfigurationHash;
  readonly payloadHash: PayloadId;
  /** RFC 9162 root over the leaves; 32 bytes, as the other roots. */
  readonly transactionsRoot: Uint8Array;
  /** Number of leaves, at most the number of transactions in the payload. */
  readonly transactionCount: number;
  /** Root of the state after this block. */
  readonly stateRoot: Uint8Array;
  /** RFC 9162 root over the hashes of all earlier blocks. */
  readonly historyRoot: Uint8Array;
}

/** A header with the bytes that were hashed. */
export interface SealedHeader {
  readonly header: Header;
  readonly bytes: Uint8Array;
  readonly hash: BlockHash;
}

/** FORMATS `header`. */
export function encodeHeader(header: Header): Uint8Array {
  return encodeCbor([
    1,
    fromHex(header.chainId),
    header.height,
    fromHex(header.parentHash),
    header.index,
    epochValue(header.epoch),
    header.time,
    fromHex(header.configurationHash),
    fromHex(header.nextConfigurationHash),
    fromHex(header.payloadHash),
    header.transactionsRoot,
    header.transactionCount,
    header.stateRoot,
    header.historyRoot,
  ]);
}

/** The header with its bytes and hash. */
export function sealHeader(header: Header): SealedHeader {
  const bytes = encodeHeader(header);
  return { header, bytes, hash: blockHashOf(bytes) };
}

/** SHA-256 of a header's bytes. */
export function blockHashOf(headerBytes: Uint8Array): BlockHash {
  return sha256Hex(headerBytes) as BlockHash;
}

/**
 * Decodes a header and hashes the bytes given.
 * @throws {LedgerError} `HEADER_MALFORMED`.
 */
export function decodeHeader(bytes: Uint8Array): SealedHeader {
  return readingAs('HEADER_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const hash32 = (): string => toHex(reader.byteString(32));
    reader.array(14);
    reader.exactly(1);
    const header: Header = {
      chainId: chainId(hash32()),
      height: height(reader.uint()),
      parentHash: blockHash(hash32()),
      index: reader.uint(),
      epoch: readEpoch(reader),
      time: reader.uint(),
      configurationHash: configurationHash(hash32()),
      nextConfigurationHash: configurationHash(hash32()),
      payloadHash: payloadId(hash32()),
      transactionsRoot: reader.byteString(32),
      transactionCount: reader.uint(),
      stateRoot: reader.byteString(32),
      historyRoot: reader.byteString(32),
    };
    reader.end();
    return { header, bytes, hash: blockHashOf(bytes) };
  });
}

/** A block's hash and its parent's, 32 bytes each. */
export interface HeaderLink {
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
}

/**
 * What joins a header to the chain, read without the rest: a start looks at every header for no more than this.
 * @throws {LedgerError} `HEADER_MALFORMED`.
 */
export function decodeHeaderLink(bytes: Uint8Array): HeaderLink {
  return readingAs('HEADER_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(14);
    reader.exactly(1);
    reader.byteString(32);
    reader.uint();
    return { hash: sha256(bytes), parentHash: reader.byteString(32) };
  });
}

/** The place on which an engine's log can stand after this block: a new engine's start after the last of a configuration. */
export function anchorOf(sealed: SealedHeader): Anchor {
  const { header, hash } = sealed;
  const first = header.height === 0 || header.nextConfigurationHash !== header.configurationHash;
  return {
    index: first ? 0 : header.index,
    epoch: first ? EPOCH_ZERO : header.epoch,
    height: header.height,
    blockHash: hash,
  };
}
