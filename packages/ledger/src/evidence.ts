import type { Epoch, SignedBytes } from '@varve/consensus';
import { sha256Parts } from '@varve/crypto';
import {
  type BlockHash,
  blockHash,
  CborReader,
  type ChainId,
  type ConfigurationHash,
  chainId,
  compareBytes,
  configurationHash,
  encodeCbor,
  fromHex,
  type Height,
  height,
  type InstanceId,
  instanceId,
  type PayloadId,
  type PublicKeyHex,
  payloadId,
  publicKeyHex,
  toHex,
} from '@varve/encoding';
import { readEpoch } from './epoch-codec.ts';
import { readingAs } from './errors.ts';

/** FORMATS `evidence`: two statements that one signing key put its name to and no correct validator makes. */
export interface EvidenceRecord {
  readonly signingKey: PublicKeyHex;
  readonly configurationHash: ConfigurationHash;
  readonly first: SignedBytes;
  readonly second: SignedBytes;
}

/** What a validator can say only once. */
export type Statement =
  | {
      readonly kind: 'prevote' | 'precommit';
      readonly instance: InstanceId;
      readonly index: number;
      readonly round: number;
      /** Null: nil. */
      readonly payload: PayloadId | null;
    }
  | {
      readonly kind: 'proposal';
      readonly instance: InstanceId;
      readonly index: number;
      readonly round: number;
      readonly validRound: number | null;
      readonly firstEpoch: Epoch;
      readonly payload: PayloadId;
    }
  | {
      readonly kind: 'seal';
      readonly chainId: ChainId;
      readonly configurationHash: ConfigurationHash;
      readonly height: Height;
      readonly blockHash: BlockHash;
    };

export function encodeEvidence({ signingKey, configurationHash: hash, first, second }: EvidenceRecord): Uint8Array {
  const statements = [first, second].map(({ bytes, signature }) => [bytes, signature]);
  return encodeCbor([1, fromHex(signingKey), fromHex(hash), ...statements]);
}

/** @throws {LedgerError} `EVIDENCE_MALFORMED`. */
export function decodeEvidence(bytes: Uint8Array): EvidenceRecord {
  return readingAs('EVIDENCE_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(5);
    reader.exactly(1);
    const record = {
      signingKey: publicKeyHex(toHex(reader.byteString(32))),
      configurationHash: configurationHash(toHex(reader.byteString(32))),
      first: readSigned(reader),
      second: readSigned(reader),
    };
    reader.end();
    return record;
  });
}

/** Names the contradiction: the same on every node, whoever's copies of the statements it holds and in whichever order. */
export function evidenceId({ signingKey, first, second }: EvidenceRecord): string {
  const [a, b] = compareBytes(first.bytes, second.bytes) < 0 ? [first, second] : [second, first];
  return toHex(sha256Parts(fromHex(signingKey), a.bytes, b.bytes));
}

function readSigned(reader: CborReader): SignedBytes {
  reader.array(2);
  return { bytes: reader.byteString(), signature: reader.byteString(64) };
}

/**
 * What the signed bytes say.
 * @throws {LedgerError} `EVIDENCE_MALFORMED` for anything but a vote, a proposal or a seal.
 */
export function decodeStatement(bytes: Uint8Array): Statement {
  return readingAs('EVIDENCE_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const items = reader.array();
    const domain = reader.text();
    const statement = readStatement(reader, domain, items);
    reader.end();
    return statement;
  });
}

function readStatement(reader: CborReader, domain: string, items: number): Statement {
  const hash = (): string => toHex(reader.byteString(32));
  if (domain === 'varve/vote/1' && items === 6) {
    const instance = instanceId(hash());
    const type = reader.uint();
    if (type !== 1 && type !== 2) reader.unexpected('1 or 2', reader.offset);
    const place = { instance, index: reader.uint(), round: reader.uint() };
    const payload = reader.nullable(() => payloadId(hash()));
    return { kind: type === 1 ? 'prevote' : 'precommit', ...place, payload };
  }
  if (domain === 'varve/proposal/1' && items === 7) {
    const place = { instance: instanceId(hash()), index: reader.uint(), round: reader.uint() };
    const validRound = reader.nullable((inner) => inner.uint());
    return { kind: 'proposal', ...place, validRound, firstEpoch: readEpoch(reader), payload: payloadId(hash()) };
  }
  if (domain === 'varve/seal/1' && items === 5) {
    return {
      kind: 'seal',
      chainId: chainId(hash()),
      configurationHash: configurationHash(hash()),
      height: height(reader.uint()),
      blockHash: blockHash(hash()),
    };
  }
  return reader.unexpected('a vote, a proposal or a seal', 0);
}

/** The place for which a validator has one statement; two of one place that differ contradict each other. */
export function slotOf(statement: Statement): string {
  if (statement.kind === 'seal') return `seal/${statement.chainId}/${statement.configurationHash}/${statement.height}`;
  return `${statement.kind}/${statement.instance}/${statement.index}/${statement.round}`;
}
