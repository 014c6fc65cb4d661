import type { CopiedBlock } from '@varve/audit';
import { type BlockHash, CborReader, encodeCbor, fromHex, toHex } from '@varve/encoding';
import { decodeGenesis, encodeGenesis, type Genesis } from '@varve/ledger';

/** First words of an export file; a later version of the format has others. */
const DOMAIN = 'varve/export/1';
/** The longest item that is read: the largest payload, its header and certificate leave much room. */
export const EXPORT_ITEM_BYTES_MAX: number = 64 * 1024 * 1024;

/** What an export file begins with. */
export interface ExportHead {
  readonly genesis: Genesis;
  /** Height of its first block. */
  readonly from: number;
}

/** What an export file ends with. */
export interface ExportEnd {
  readonly height: number;
  readonly finalHeight: number;
  readonly blockHash: BlockHash;
}

export function encodeHead({ genesis, from }: ExportHead): Uint8Array {
  return encodeCbor([DOMAIN, encodeGenesis(genesis), from]);
}

/** @throws on anything else. */
export function decodeHead(bytes: Uint8Array): ExportHead {
  const reader = new CborReader(bytes);
  reader.array(3);
  reader.exactText(DOMAIN);
  const head = { genesis: decodeGenesis(reader.byteString()), from: reader.uint() };
  reader.end();
  return head;
}

export function encodeEnd({ height, finalHeight, blockHash }: ExportEnd): Uint8Array {
  return encodeCbor(['end', height, finalHeight, fromHex(blockHash)]);
}

/** @throws on anything else. */
export function decodeEnd(bytes: Uint8Array): ExportEnd {
  const reader = new CborReader(bytes);
  reader.array(4);
  reader.exactText('end');
  const end = {
    height: reader.uint(),
    finalHeight: reader.uint(),
    blockHash: toHex(reader.byteString(32)) as BlockHash,
  };
  reader.end();
  return end;
}

/** A block as an item of an export. */
export function encodeItem(header: Uint8Array, payload: Uint8Array, certificate: Uint8Array | null): Uint8Array {
  return encodeCbor([encodeCbor([1, header, payload]), certificate]);
}

/** The parts of an item as they are, believed in nothing. @throws on anything that is no item. */
export function decodeItem(height: number, bytes: Uint8Array): CopiedBlock {
  const reader = new CborReader(bytes);
  reader.array(2);
  const block = new CborReader(reader.byteString());
  const certificate = reader.nullable((inner) => inner.byteString());
  reader.end();
  block.array(3);
  block.exactly(1);
  const parts = { header: block.byteString(), payload: block.byteString() };
  block.end();
  return { height, ...parts, certificate: certificate ?? 'missing' };
}
