import type { Configuration, ValidatorMember } from '@varve/consensus';
import { type BlockHash, type ConfigurationHash, publicKeyHex } from '@varve/encoding';
import {
  type Certificate,
  type Checkpoint,
  type Consistency,
  certificateFault,
  checkpointOf,
  configurationHashOf,
  decodeCertificate,
  decodeConsistency,
  encodeEvidence,
  judgeEvidence,
  type SealedHeader,
  sealSignBytes,
} from '@varve/ledger';
import { verifyCheckpoint } from './checkpoint.ts';
import { verifyConsistency } from './consistency.ts';
import { demandConsistent, type Signer } from './finality.ts';
import { readCheckpoint, readGenesis, type Trust } from './trust.ts';
import { demand, judged, reading, refuse, type Verdict } from './verdict.ts';

/** How two checkpoints of one chain stand to each other. */
export type Relation =
  /** They are of one block. */
  | 'same'
  /** The higher one has the lower one in its history. */
  | 'consistent'
  /** There are two blocks of one height: at most one of them is of the chain that everybody should see. */
  | 'contradictory';

/** What `compareCheckpoints` proves. */
export interface ComparisonReport {
  readonly relation: Relation;
  /** Height of the lower checkpoint, or of the two blocks that contradict each other. */
  readonly height: number;
  /** The block of the one side there, and that of the other. */
  readonly hashes: readonly [BlockHash, BlockHash];
  /** Whether both sides were found certified: a contradiction is then a proven fork. Without `trust` it is not known. */
  readonly certified: boolean;
  /** Who signed on both sides of the contradiction. */
  readonly signers: readonly Signer[];
  /** Against those of them who sealed two blocks of one height. */
  readonly evidence: readonly DoubleSeal[];
}

/** Who sealed two blocks of one height, and FORMATS `evidence` of it. */
export interface DoubleSeal extends Signer {
  readonly configuration: number;
  readonly record: Uint8Array;
}

/** What a comparison can be given besides the two checkpoints. */
export interface ComparisonAids {
  /** Judges the certificates of both. */
  readonly trust?: Trust | undefined;
  /** FORMATS `consistency` between their heights, from any node: needed where they differ. */
  readonly consistency?: Uint8Array | undefined;
  /** The certificate of the block that the consistency proof begins with, where there is one: it makes evidence. */
  readonly certificate?: Uint8Array | undefined;
}

/** A certified block of one side. */
interface Claim {
  readonly header: SealedHeader;
  readonly certificate: Certificate;
}

/** One side: the blocks that it calls certified, and the configurations it knows. */
interface Side {
  readonly claims: readonly Claim[];
  readonly configurations: readonly Configuration[];
}

/**
 * Whether two clients were shown one history. Nothing is taken on anybody's word: a node that gives the proof between two
 * heights can only give the one that the higher checkpoint commits to. Total: any input has a verdict.
 * @param first, second - FORMATS `checkpoint`.
 */
export function compareCheckpoints(
  first: Uint8Array,
  second: Uint8Array,
  aids: ComparisonAids = {},
): Verdict<ComparisonReport> {
  return judged('CHECKPOINT_MALFORMED', () => {
    const { trust } = aids;
    const sides = [first, second].map((bytes) => ({ bytes, checkpoint: readCheckpoint(bytes) }));
    sides.sort((a, b) => heightOf(a.checkpoint) - heightOf(b.checkpoint));
    const [low, high] = sides as [(typeof sides)[0], (typeof sides)[0]];
    const [lowChain, highChain] = [low, high].map(({ checkpoint }) => checkpoint.header.header.chainId);
    demand(lowChain === highChain, 'CHAIN_MISMATCH', `one is of chain ${lowChain}, the other of ${highChain}`);
    if (trust !== undefined) for (const { bytes } of sides) demandOk(verifyCheckpoint(bytes, trust));
    return compare(low.checkpoint, high.checkpoint, aids);
  });
}

function compare(low: Checkpoint, high: Checkpoint, aids: ComparisonAids): ComparisonReport {
  const found = (relation: Relation, a: SealedHeader, b: SealedHeader): ComparisonReport => ({
    relation,
    height: a.header.height,
    hashes: [a.hash, b.hash],
    certified: aids.trust !== undefined,
    signers: [],
    evidence: [],
  });
  const contradiction = (a: SealedHeader, b: SealedHeader, one: Side, other: Side): ComparisonReport => ({
    ...found('contradictory', a, b),
    ...signedBoth(one, other, aids.trust),
  });
  if (heightOf(low) === heightOf(high)) {
    if (low.header.hash === high.header.hash) return found('same', low.header, high.header);
    return contradiction(low.header, high.header, sideOf(low), sideOf(high));
  }
  const { from, to, proof, bytes } = readProof(low, high, aids);
  if (to.hash === high.header.hash) {
    demandConsistent(proof);
    if (from.hash === low.header.hash) return found('consistent', low.header, from);
    const side = sideOf(high);
    const own =
      aids.certificate && reading('CERTIFICATE_MALFORMED', () => decodeCertificate(aids.certificate as Uint8Array));
    const claims = own ? [{ header: from, certificate: own }, ...side.claims] : side.claims;
    return contradiction(low.header, from, sideOf(low), { ...side, claims });
  }
  // The node shows another block than the higher checkpoint: then these two contradict each other.
  const detail = `the node shows block ${to.hash} at height ${heightOf(high)}: only with a trust can its word be judged`;
  demand(aids.trust !== undefined, 'CONSISTENCY_FOREIGN', detail);
  demandOk(verifyConsistency(bytes, aids.trust));
  return contradiction(high.header, to, sideOf(high), sideOf(checkpointOf(proof)));
}

function readProof(low: Checkpoint, high: Checkpoint, { consistency }: ComparisonAids) {
  const span = `heights ${heightOf(low)} and ${heightOf(high)}`;
  demand(consistency !== undefined, 'CONSISTENCY_MISSING', `a proof between ${span} is needed (/v1/consistency)`);
  const proof: Consistency = reading('CONSISTENCY_MALFORMED', () => decodeConsistency(consistency));
  const { from, to } = proof;
  const isOfBoth = from.header.height === heightOf(low) && to.header.height === heightOf(high);
  demand(isOfBoth, 'CONSISTENCY_FOREIGN', `it is not between ${span}`);
  const { chainId } = low.header.header;
  for (const { header } of [from, to])
    demand(header.chainId === chainId, 'CHAIN_MISMATCH', 'the proof is of another chain');
  return { from, to, proof, bytes: consistency };
}

function heightOf({ header }: Checkpoint): number {
  return header.header.height;
}

function demandOk(verdict: Verdict<unknown>): void {
  if (!verdict.ok) refuse(verdict.reason, verdict.detail);
}

function sideOf({ header, certificate, configurations, next }: Checkpoint): Side {
  return {
    claims: [
      ...configurations.map(({ lastHeader, certificate: one }) => ({ header: lastHeader, certificate: one })),
      ...(certificate ? [{ header, certificate }] : []),
    ],
    configurations: [...configurations.map((step) => step.next), next],
  };
}

/** Who signed on both sides, and evidence against whoever sealed two blocks of one height. */
function signedBoth(one: Side, other: Side, trust: Trust | undefined): Pick<ComparisonReport, 'signers' | 'evidence'> {
  // Whose keys they are is known only where somebody trusted says so.
  if (trust === undefined) return { signers: [], evidence: [] };
  const known = new Map<ConfigurationHash, Configuration>();
  const first = 'genesis' in trust ? [readGenesis(trust.genesis).configuration] : [];
  for (const configuration of [...first, ...one.configurations, ...other.configurations]) {
    known.set(configurationHashOf(configuration), configuration);
  }
  const evidence = new Map<string, DoubleSeal>();
  const twice = new Map<string, Signer>();
  for (const a of one.claims) {
    for (const b of other.claims) {
      for (const [member, seal] of doubleSeals(a, b, known)) {
        evidence.set(member.signingKey, seal);
        twice.set(member.signingKey, signerOf(member));
      }
    }
  }
  const [ours, theirs] = [one, other].map(({ claims }) => signersOf(claims.at(-1), known));
  for (const [key, member] of ours ?? []) if (theirs?.has(key)) twice.set(key, signerOf(member));
  return { signers: [...twice.values()], evidence: [...evidence.values()] };
}

/** Validators whose seals of one height are in both certificates, of two blocks. */
function doubleSeals(
  a: Claim,
  b: Claim,
  known: ReadonlyMap<ConfigurationHash, Configuration>,
): [ValidatorMember, DoubleSeal][] {
  const hash = a.certificate.configurationHash;
  const configuration = known.get(hash);
  const { chainId } = a.header.header;
  if (configuration === undefined || hash !== b.certificate.configurationHash) return [];
  if (a.header.header.height !== b.header.header.height || a.header.hash === b.header.hash) return [];
  const signed = ({ height, blockHash }: Certificate, signature: Uint8Array) => ({
    bytes: sealSignBytes(chainId, hash, height, blockHash),
    signature,
  });
  return a.certificate.signatures.flatMap(({ validatorIndex, signature }) => {
    const again = b.certificate.signatures.find((entry) => entry.validatorIndex === validatorIndex);
    const member = configuration.validators[validatorIndex];
    if (again === undefined || member === undefined) return [];
    const [first, second] = [signed(a.certificate, signature), signed(b.certificate, again.signature)];
    const record = { signingKey: publicKeyHex(member.signingKey), configurationHash: hash, first, second };
    if (!judgeEvidence(record, chainId, configuration).ok) return [];
    return [[member, { ...signerOf(member), configuration: configuration.number, record: encodeEvidence(record) }]];
  });
}

/** Who signed a block, by signing key: nobody where the certificate is not good, as that of a trusted side may not be. */
function signersOf(
  claim: Claim | undefined,
  known: ReadonlyMap<ConfigurationHash, Configuration>,
): ReadonlyMap<string, ValidatorMember> {
  if (claim === undefined) return new Map();
  const { certificate, header } = claim;
  const { configurationHash, signatures } = certificate;
  const configuration = known.get(configurationHash);
  if (configuration === undefined || certificate.blockHash !== header.hash) return new Map();
  if (certificateFault(certificate, header.header.chainId, configuration, configurationHash)) return new Map();
  const members = signatures.flatMap(({ validatorIndex }) => configuration.validators[validatorIndex] ?? []);
  return new Map(members.map((member) => [member.signingKey, member]));
}

function signerOf({ name, organization }: ValidatorMember): Signer {
  return { name, organization };
}
