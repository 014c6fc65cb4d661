import { type FaultModel, faultModelOf, type ProtocolName } from '@varve/consensus';
import { type BlockHash, type ChainId, fromHex } from '@varve/encoding';
import { type Certificate, type Consistency, decodeConsistency, type SealedHeader } from '@varve/ledger';
import { verifyInclusion } from '@varve/merkle';
import { demandCertificate, demandNoContradiction, type Reign, type Reigns, reignOf } from './configurations.ts';
import { demand, reading, type Trail } from './verdict.ts';

/** A validator whose seal the certificate holds. */
export interface Signer {
  readonly name: string;
  readonly organization: string;
}

/** Who said that a block is final, and what that word is worth. */
export interface Finality {
  readonly chainId: ChainId;
  /** The block that the certificate is of, or the checkpoint that vouches for it. */
  readonly certifiedHeight: number;
  readonly certifiedHash: BlockHash;
  /**
   * `certificate`: the signers below. `checkpoint`: nothing but what the caller trusts; then there are no signers, and
   * configuration and fault models are those that rule the block after it.
   */
  readonly vouchedBy: 'certificate' | 'checkpoint';
  /** Number of the configuration whose quorum signed. */
  readonly configuration: number;
  readonly protocol: ProtocolName;
  /** `crash`: correct only if no signer lied. `byzantine`: correct if less than a third of the validators lied. */
  readonly faultModel: FaultModel;
  /**
   * The weakest fault model on the way from what is trusted to that configuration: `crash` where a step was certified
   * under a crash-fault protocol, so that its signers must not have lied either.
   */
  readonly pathFaultModel: FaultModel;
  /** How many validators the configuration has. */
  readonly validators: number;
  readonly signers: readonly Signer[];
}

/**
 * Who must not have lied for a finality to hold, in words that complete "It holds …".
 * @returns Such as `unless a signer lied (crash-fault protocol)`; of what needs no signature, `as your checkpoint does`.
 */
export function holdsUnless({
  vouchedBy,
  faultModel,
  pathFaultModel,
}: Pick<Finality, 'vouchedBy' | 'faultModel' | 'pathFaultModel'>): string {
  if (vouchedBy === 'checkpoint') return 'as your checkpoint does';
  if (faultModel === 'crash') return 'unless a signer lied (crash-fault protocol)';
  const byzantine = 'unless a third of the validators lied';
  if (pathFaultModel === 'byzantine') return byzantine;
  return `${byzantine}, or signers of an earlier configuration, under a crash-fault protocol`;
}

/** A block, and what says that it is final. */
export interface FinalBlock {
  readonly block: SealedHeader;
  /** The block that the certificate is of, where it is not the block's own, and the path from its history root. */
  readonly later: { readonly header: SealedHeader; readonly path: readonly Uint8Array[] } | null;
  /** Null for block 0, which is proven by a later block alone. */
  readonly certificate: Certificate | null;
}

/** What is proven of a final block. */
export interface FinalityProof {
  readonly finality: Finality;
  /** The configuration that ruled the block; absent for block 0, and where a trusted checkpoint stands above it. */
  readonly own: Reign | undefined;
}

/** The proof that a checkpoint's history holds an older block, for `verifyReceipt` and others. */
export type Options = {
  /** FORMATS `consistency`, from the block or the certified one to the checkpoint's. */
  readonly consistency?: Uint8Array | undefined;
};

/**
 * Checks that a block is final: it, or a later one that has it in its history, was signed by a quorum of the validators
 * that ruled then; or the trusted checkpoint is that later one.
 * @param reigns - Made by `reignsOf` with the chains of all blocks of `claim`, which are not judged again.
 * @throws {Refused}
 */
export function proveFinal(trail: Trail, reigns: Reigns, claim: FinalBlock, options: Options = {}): FinalityProof {
  const { block, later, certificate } = claim;
  const certified = later?.header ?? block;
  if (later) {
    const inHistory = (): void => demandInHistory(block, later.header, later.path);
    trail.take(
      'history',
      inHistory,
      () => `Block ${block.header.height} is in the history of block ${certified.header.height}.`,
    );
  }
  return trail.take(
    'certificate',
    () => {
      for (const one of [block, certified]) demandNoContradiction(reigns.anchor, one);
      const { checkpoint } = reigns.anchor;
      if (checkpoint && isVouchedFor(reigns, claim, options))
        return { finality: vouched(reigns, checkpoint), own: undefined };
      // The genesis document alone does not give the state root of block 0.
      demand(certificate !== null, 'CERTIFICATE_INVALID', 'there is none: block 0 is proven only by a later block');
      const { height } = block.header;
      const isBelow = height === 0 || (checkpoint !== undefined && height <= checkpoint.header.height);
      const own = isBelow ? undefined : reignOf(reigns, block);
      const reign = own === undefined || later ? reignOf(reigns, certified) : own;
      demandCertificate(reigns, certified, reign, certificate);
      return { finality: finalityOf(reigns, reign, certificate), own };
    },
    ({ finality }) => says(finality),
  );
}

/** Whether what is trusted stands for the block without any certificate. */
function isVouchedFor({ anchor }: Reigns, { block, later }: FinalBlock, { consistency }: Options): boolean {
  const certified = later?.header ?? block;
  const { checkpoint } = anchor;
  if (checkpoint === undefined || certified.header.height > checkpoint.header.height) return false;
  if (certified.hash === checkpoint.hash) return true;
  const detail = `block ${certified.header.height} is not above the checkpoint at ${checkpoint.header.height}: add a consistency proof between the two (/v1/consistency)`;
  demand(consistency !== undefined, 'BEFORE_CHECKPOINT', detail);
  const proof = reading('CONSISTENCY_MALFORMED', () => decodeConsistency(consistency));
  const isFrom = proof.from.hash === block.hash || proof.from.hash === certified.hash;
  demand(isFrom, 'CONSISTENCY_FOREIGN', `it begins at block ${proof.from.hash}`);
  demand(proof.to.hash === checkpoint.hash, 'CONSISTENCY_FOREIGN', `it ends at block ${proof.to.hash}`);
  demandConsistent(proof);
  return true;
}

/** @throws {Refused} `BLOCK_NOT_IN_HISTORY` unless `from` is in the history of `to`, or both are one block. */
export function demandConsistent({ from, path, to }: Pick<Consistency, 'from' | 'path' | 'to'>): void {
  const isSame = from.hash === to.hash;
  demand(!isSame || path.length === 0, 'BLOCK_NOT_IN_HISTORY', 'a block needs no path to itself');
  if (!isSame) demandInHistory(from, to, path);
}

/**
 * The history root of a block covers the hashes of all blocks below it: leaf n is that of height n.
 * @throws {Refused} `BLOCK_NOT_IN_HISTORY`.
 */
function demandInHistory(
  { header: { height }, hash }: SealedHeader,
  { header }: SealedHeader,
  path: readonly Uint8Array[],
): void {
  demand(
    verifyInclusion(header.historyRoot, fromHex(hash), height, header.height, path),
    'BLOCK_NOT_IN_HISTORY',
    'the path does not lead from the block hash to the history root',
  );
}

/** What a verified certificate says. */
function finalityOf(reigns: Reigns, reign: Reign, certificate: Certificate): Finality {
  const { configuration } = reign;
  return {
    chainId: reigns.chainId,
    certifiedHeight: certificate.height,
    certifiedHash: certificate.blockHash,
    vouchedBy: 'certificate',
    configuration: configuration.number,
    protocol: configuration.protocol,
    faultModel: faultModelOf(configuration.protocol),
    pathFaultModel: pathFaultModelOf(reigns, reign),
    validators: configuration.validators.length,
    signers: certificate.signatures.flatMap(({ validatorIndex }) => {
      const validator = configuration.validators[validatorIndex];
      return validator ? [{ name: validator.name, organization: validator.organization }] : [];
    }),
  };
}

/** What is trusted says so, without a signature. */
function vouched({ chainId, anchor: { configuration } }: Reigns, { header, hash }: SealedHeader): Finality {
  const faultModel = faultModelOf(configuration.protocol);
  return {
    chainId,
    certifiedHeight: header.height,
    certifiedHash: hash,
    vouchedBy: 'checkpoint',
    configuration: configuration.number,
    protocol: configuration.protocol,
    faultModel,
    pathFaultModel: faultModel,
    validators: configuration.validators.length,
    signers: [],
  };
}

function pathFaultModelOf({ list }: Reigns, reign: Reign): FaultModel {
  const way = list.slice(0, list.indexOf(reign) + 1);
  return way.some(({ configuration }) => faultModelOf(configuration.protocol) === 'crash') ? 'crash' : 'byzantine';
}

function says({ vouchedBy, certifiedHeight, configuration, protocol, validators, signers }: Finality): string {
  if (vouchedBy === 'checkpoint') return `The checkpoint at block ${certifiedHeight}, which you trust, stands for it.`;
  const names = signers.map(({ name }) => name).join(', ');
  return `Block ${certifiedHeight} is signed by ${names}: ${signers.length} of the ${validators} validators of configuration ${configuration} (${protocol}), which is a quorum.`;
}
