import type { Protocol, ValidatorMember } from '@varve/consensus';
import { fromHex, type InstanceId } from '@varve/encoding';
import { decodeSeal, LedgerError, type Seal, sealSignBytes } from '@varve/ledger';
import type { Ledger } from '@varve/ledger/chain';
import { slotAbove } from './engine-host.ts';
import type { OwnRecord } from './greeting.ts';
import type { PeerMessage } from './packet.ts';
import type { SignatureRule } from './signatures.ts';

/** What a peer shows this validator of its own word. */
type Proof = Extract<PeerMessage, { kind: 'witness' }>;

/** Whose words they would be, and by which rules they are judged. */
export interface ProofContext {
  readonly self: ValidatorMember;
  /** Which chain, and who sealed under which of its configurations. */
  readonly ledger: Pick<Ledger, 'chainId' | 'configurations'>;
  readonly instance: InstanceId;
  readonly protocol: Protocol<unknown> | undefined;
  readonly rule: SignatureRule;
}

/** `known`: it claims nothing that the store lacks. `forgotten`: this validator signed more than its store holds. */
export type ProofVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'forged'; readonly reason: string }
  | { readonly kind: 'forgotten'; readonly what: string };

const KNOWN: ProofVerdict = { kind: 'known' };

/**
 * Compares what a peer shows with what the store holds. A signature is verified only where it would claim more, so a
 * peer that repeats itself costs nothing.
 */
export function judgeProof(proof: Proof, context: ProofContext, own: OwnRecord): ProofVerdict {
  const seal = judgeSeal(proof.seal, context, own);
  return seal.kind === 'known' ? judgeStatement(proof.statement, context, own) : seal;
}

function judgeStatement(statement: Proof['statement'], context: ProofContext, { vouched }: OwnRecord): ProofVerdict {
  const { self, instance, protocol, rule } = context;
  if (statement === null) return KNOWN;
  // Of another instance, which a peer that is behind may show, nothing follows.
  const slot = protocol?.vouchedBy?.(statement.bytes, self.name, instance);
  if (slot === undefined || (vouched !== undefined && !slotAbove(slot, vouched))) return KNOWN;
  if (!rule(fromHex(self.signingKey), statement.bytes, statement.signature)) {
    return { kind: 'forged', reason: 'a vote that this validator did not sign' };
  }
  return { kind: 'forgotten', what: `signed index ${slot.index} of epoch ${slot.epoch.number}` };
}

function judgeSeal(bytes: Uint8Array | null, context: ProofContext, { sealedHeight }: OwnRecord): ProofVerdict {
  const { self, ledger, rule } = context;
  if (bytes === null) return KNOWN;
  let seal: Seal;
  try {
    seal = decodeSeal(bytes);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { kind: 'forged', reason: 'a malformed seal' };
  }
  if (seal.height <= sealedHeight) return KNOWN;
  // A seal of an earlier configuration shows as much. Of one that the store does not reach yet nothing follows, nor of
  // another key's: the peer shows it again, and can be right.
  const { configurationHash, validatorIndex, blockHash } = seal;
  const signers = ledger.configurations.withHash(configurationHash)?.configuration.validators;
  if (signers?.[validatorIndex]?.signingKey !== self.signingKey) return KNOWN;
  const signed = sealSignBytes(ledger.chainId, configurationHash, seal.height, blockHash);
  if (!rule(fromHex(self.signingKey), signed, seal.signature)) {
    return { kind: 'forged', reason: 'a seal that this validator did not sign' };
  }
  return { kind: 'forgotten', what: `sealed height ${seal.height}` };
}
