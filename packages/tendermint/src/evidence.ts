import type { NodeId } from '@varve/encoding';
import type { Proposal, SignedVote } from './message.ts';
import { proposalBytes, voteBytes } from './signing.ts';
import type { TendermintState } from './state.ts';

/** Two votes of one voter, kind and round for different things. */
export function accuseVotes(state: TendermintState, first: SignedVote, second: SignedVote): void {
  const { instance } = state.options;
  const [one, other] = [first, second].map((vote) => ({
    bytes: voteBytes(vote, instance),
    signature: vote.signature,
  }));
  if (one && other) accuse(state, first, one, other);
}

/** Two proposals of one round. */
export function accuseProposals(
  state: TendermintState,
  first: { readonly proposal: Proposal; readonly signature: Uint8Array },
  second: { readonly proposal: Proposal; readonly signature: Uint8Array },
): void {
  const [one, other] = [first, second].map(({ proposal, signature }) => ({
    bytes: proposalBytes(proposal, state.options.instance),
    signature,
  }));
  if (one && other) accuse(state, first.proposal, one, other);
}

/** Once for each height, voter and kind: one proof is enough, and a liar could go on for ever. */
function accuse(
  state: TendermintState,
  { height, kind, voter }: { readonly height: number; readonly kind: string; readonly voter: NodeId },
  first: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
  second: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
): void {
  const key = `${kind}/${voter}`;
  const accused = state.accused.get(height) ?? new Set<string>();
  if (accused.has(key)) return;
  state.accused.set(height, accused.add(key));
  state.out.evidence.push({ voter, first, second });
}
