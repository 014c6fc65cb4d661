import type { ValidatorMember } from '@varve/consensus';
import { isRegistrableKey, verifySignature } from '@varve/crypto';
import { type BlockHash, type ChainId, encodeCbor, fromHex, publicKeyHex, toHex } from '@varve/encoding';
import { type OperationContext, OperationFailed } from '@varve/ledger';
import { requireRole } from './access.ts';
import { Arguments } from './arguments.ts';
import { encodeReadyMark, type ReadyMark, readyMarkIn, readyMarkKey } from './governance-state.ts';

/** Marks are proven with a block that is at most this many heights back. */
export const READY_BLOCKS_MAX = 1_000;
/** How long a mark holds, in block time. */
export const READY_MS_MAX = 600_000;

/** What a validator that wants a seat signs. */
export interface Readiness {
  readonly chainId: ChainId;
  readonly validator: ValidatorMember;
  /** Newest version of the execution rules that its program knows. */
  readonly rules: number;
  /** A block of this chain that it has. */
  readonly height: number;
  readonly blockHash: BlockHash;
}

/** FORMATS `ready`: the bytes that the candidate signs with its signing key. */
export function readySignBytes({ chainId, validator, rules, height, blockHash }: Readiness): Uint8Array {
  const { name, signingKey, networkKey } = validator;
  const keys = [fromHex(signingKey), fromHex(networkKey)];
  return encodeCbor(['varve/ready/1', fromHex(chainId), name, ...keys, rules, height, fromHex(blockHash)]);
}

/**
 * `ready([name, organization, signingKey, networkKey], rules, height, blockHash, proof)`, by an admin of the
 * candidate's organization: the candidate runs, and has the chain up to that block.
 */
export function markReady(reader: Arguments, context: OperationContext): null {
  const validator = readCandidate(reader.list());
  const [rules, height] = [reader.uint(), reader.uint()];
  const blockHash = toHex(reader.bytes(32)) as BlockHash;
  const proof = reader.bytes(64);
  reader.end();
  const { organization } = requireRole(context, 'admin');
  if (validator.organization !== organization) throw new OperationFailed('ORGANIZATION_FOREIGN');
  if (height < context.height - READY_BLOCKS_MAX) throw new OperationFailed('BLOCK_TOO_OLD');
  if (!context.chain.isBlock(height, blockHash)) throw new OperationFailed('BLOCK_UNKNOWN');
  const [signingKey, networkKey] = [fromHex(validator.signingKey), fromHex(validator.networkKey)];
  // Whoever is seated needs a mark, so that keys which anybody could sign for end here.
  if (!isRegistrableKey(signingKey) || !isRegistrableKey(networkKey)) throw new OperationFailed('KEY_UNFIT');
  const signed = readySignBytes({ chainId: context.chain.chainId, validator, rules, height, blockHash });
  if (!verifySignature(signingKey, signed, proof)) throw new OperationFailed('PROOF_INVALID');
  const { name } = validator;
  const mark = { name, networkKey: validator.networkKey, rules, time: context.time };
  context.set(readyMarkKey(validator), encodeReadyMark(mark));
  context.emit('seat-ready', [name, organization, signingKey, networkKey, rules]);
  return null;
}

/**
 * Whether `seat` said not long ago, with these very keys, that it is ready for execution rules of version `rules`.
 */
export function isReady(context: OperationContext, seat: ValidatorMember, rules: number): boolean {
  const mark: ReadyMark | undefined = readyMarkIn(context.state, seat);
  return (
    mark !== undefined &&
    mark.name === seat.name &&
    mark.networkKey === seat.networkKey &&
    mark.rules >= rules &&
    context.time - mark.time < READY_MS_MAX
  );
}

function readCandidate(values: ConstructorParameters<typeof Arguments>[0]): ValidatorMember {
  const reader = new Arguments(values);
  const [name, organization] = [reader.name(), reader.name()];
  const [signingKey, networkKey] = [publicKeyHex(toHex(reader.bytes(32))), publicKeyHex(toHex(reader.bytes(32)))];
  reader.end();
  return { name, organization, signingKey, networkKey };
}
