import { BATCH_ENTRIES_MAX, type SignedBytes } from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, fromHex, type InstanceId, instanceId, toHex } from '@varve/encoding';
import { LedgerError, readingAs } from '@varve/ledger';
import {
  EVIDENCE_MAX,
  PACKET_BYTES_MAX,
  PACKET_MESSAGES_MAX,
  STATEMENT_BYTES_MAX,
  SYNC_BLOCKS_MAX,
  TRANSACTIONS_PER_MESSAGE_MAX,
} from './limits.ts';

/** An engine's message on its way: FORMATS `frame`. */
export interface Frame {
  readonly instance: InstanceId;
  readonly body: Uint8Array;
  readonly payloads: readonly Uint8Array[];
  readonly signature: Uint8Array | null;
}

/** A block as one peer hands it to another. */
export interface OfferedBlock {
  readonly block: Uint8Array;
  readonly certificate: Uint8Array | null;
}

/** What peers say to each other beside engine frames. */
export type PeerMessage =
  | { readonly kind: 'hello'; readonly hello: Uint8Array }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'seals'; readonly seals: readonly Uint8Array[] }
  | { readonly kind: 'transactions'; readonly transactions: readonly Uint8Array[] }
  /** Blocks from height `from` to `to`, both included, as far as the peer's final height goes. */
  | { readonly kind: 'blocksWanted'; readonly from: number; readonly to: number }
  | { readonly kind: 'blocks'; readonly blocks: readonly OfferedBlock[] }
  | { readonly kind: 'barrierWanted'; readonly context: number }
  /** Height at which the barrier is passed; null: no barrier to be had here now. */
  | { readonly kind: 'barrier'; readonly context: number; readonly height: number | null }
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }
  /** Ids of transactions that wait at the sender. */
  | { readonly kind: 'offer'; readonly ids: readonly Uint8Array[] }
  /** Those of an offer that the sender lacks. */
  | { readonly kind: 'wanted'; readonly ids: readonly Uint8Array[] }
  /** Contradictions that the sender keeps: FORMATS `evidence`. */
  | { readonly kind: 'evidence'; readonly records: readonly Uint8Array[] }
  /** What the receiver itself signed: the newest vote or proposal, and the newest seal (FORMATS), that the sender saw. */
  | { readonly kind: 'witness'; readonly statement: SignedBytes | null; readonly seal: Uint8Array | null };

const KINDS = [
  'hello',
  'frame',
  'seals',
  'transactions',
  'blocksWanted',
  'blocks',
  'barrierWanted',
  'barrier',
  'certificate',
  'offer',
  'wanted',
  'evidence',
  'witness',
] as const satisfies readonly PeerMessage['kind'][];

const PACKET_VERSION = 1;
const SEALS_PER_MESSAGE_MAX = 4096;
/** What a frame names goes with it: as many entries as any message holds. */
const PAYLOADS_PER_FRAME_MAX = BATCH_ENTRIES_MAX;
/** A packet is closed when it would grow beyond this; a single larger message still travels alone. */
const PACKET_BYTES_TARGET: number = PACKET_BYTES_MAX / 2;

/** Packs messages for one peer, in order, into as few packets as the limits allow: CBOR `[1, [* message bstr]]`. */
export function encodePackets(messages: readonly PeerMessage[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let batch: Uint8Array[] = [];
  let bytes = 0;
  const close = (): void => {
    if (batch.length > 0) packets.push(encodeCbor([PACKET_VERSION, batch]));
    batch = [];
    bytes = 0;
  };
  for (const message of messages) {
    const encoded = encodeCbor(messageValue(message));
    if (batch.length === PACKET_MESSAGES_MAX || (bytes > 0 && bytes + encoded.length > PACKET_BYTES_TARGET)) close();
    batch.push(encoded);
    bytes += encoded.length;
  }
  close();
  return packets;
}

/**
 * Messages of a packet, in order.
 * @throws {LedgerError} `RECORD_MALFORMED` for bytes that no correct node sends.
 */
export function decodePacket(bytes: Uint8Array): PeerMessage[] {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(2);
    reader.exactly(PACKET_VERSION);
    const messages = reader.list((inner) => decodeMessage(inner.byteString()), PACKET_MESSAGES_MAX);
    reader.end();
    return messages;
  });
}

/** Messages of a packet, or why no correct node sends it. */
export function readPacket(bytes: Uint8Array): readonly PeerMessage[] | string {
  try {
    return decodePacket(bytes);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return error.message;
  }
}

function messageValue(message: PeerMessage): CborValue {
  const kind = KINDS.indexOf(message.kind);
  switch (message.kind) {
    case 'hello':
      return [kind, message.hello];
    case 'frame': {
      const { instance, body, payloads, signature } = message.frame;
      return [kind, 1, fromHex(instance), body, payloads, signature];
    }
    case 'seals':
      return [kind, message.seals];
    case 'transactions':
      return [kind, message.transactions];
    case 'blocksWanted':
      return [kind, message.from, message.to];
    case 'blocks':
      return [kind, message.blocks.map((block) => [block.block, block.certificate])];
    case 'barrierWanted':
      return [kind, message.context];
    case 'barrier':
      return [kind, message.context, message.height];
    case 'certificate':
      return [kind, message.certificate];
    case 'offer':
    case 'wanted':
      return [kind, message.ids];
    case 'evidence':
      return [kind, message.records];
    case 'witness': {
      const { statement, seal } = message;
      return [kind, statement && [statement.bytes, statement.signature], seal];
    }
  }
}

function decodeMessage(bytes: Uint8Array): PeerMessage {
  const reader = new CborReader(bytes);
  const items = reader.array();
  const start = reader.offset;
  const kind = KINDS[reader.uint()];
  if (kind === undefined) return reader.unexpected('a message kind', start);
  const message = readBody(reader, kind, items);
  reader.end();
  return message;
}

function readBody(reader: CborReader, kind: PeerMessage['kind'], items: number): PeerMessage {
  const demand = (count: number): void => {
    if (items !== count) reader.unexpected(`a message of ${count} items`, 0);
  };
  const strings = (max: number, length?: number): Uint8Array[] => reader.list((inner) => inner.byteString(length), max);
  switch (kind) {
    case 'hello':
      demand(2);
      return { kind, hello: reader.byteString() };
    case 'frame': {
      demand(6);
      reader.exactly(1);
      const instance = instanceId(toHex(reader.byteString(32)));
      const body = reader.byteString();
      const payloads = strings(PAYLOADS_PER_FRAME_MAX);
      const signature = reader.nullable((inner) => inner.byteString(64));
      return { kind, frame: { instance, body, payloads, signature } };
    }
    case 'seals':
      demand(2);
      return { kind, seals: strings(SEALS_PER_MESSAGE_MAX) };
    case 'transactions':
      demand(2);
      return { kind, transactions: strings(TRANSACTIONS_PER_MESSAGE_MAX) };
    case 'blocksWanted':
      demand(3);
      return { kind, from: reader.uint(), to: reader.uint() };
    case 'blocks': {
      demand(2);
      const blocks = reader.list((inner) => {
        inner.array(2);
        return { block: inner.byteString(), certificate: inner.nullable((c) => c.byteString()) };
      }, SYNC_BLOCKS_MAX);
      return { kind, blocks };
    }
    case 'barrierWanted':
      demand(2);
      return { kind, context: reader.uint() };
    case 'barrier':
      demand(3);
      return { kind, context: reader.uint(), height: reader.nullable((inner) => inner.uint()) };
    case 'certificate':
      demand(2);
      return { kind, certificate: reader.byteString() };
    case 'offer':
    case 'wanted':
      demand(2);
      return { kind, ids: strings(TRANSACTIONS_PER_MESSAGE_MAX, 32) };
    case 'evidence':
      demand(2);
      return { kind, records: strings(EVIDENCE_MAX) };
    case 'witness':
      demand(3);
      return { kind, statement: reader.nullable(readSigned), seal: reader.nullable(readStatement) };
  }
}

function readSigned(reader: CborReader): SignedBytes {
  reader.array(2);
  return { bytes: readStatement(reader), signature: reader.byteString(64) };
}

function readStatement(reader: CborReader): Uint8Array {
  const start = reader.offset;
  const bytes = reader.byteString();
  return bytes.length <= STATEMENT_BYTES_MAX ? bytes : reader.unexpected('a shorter statement', start);
}
