import { assert } from '@varve/consensus';
import type { PayloadId } from '@varve/encoding';
import type { Proposal, VoteKind } from './message.ts';
import { broadcastDurably, type Candidate, storeCandidate, type TendermintState } from './state.ts';

/**
 * Whether this node may sign in the present height. Below the height of its hard state it said things that it no
 * longer knows.
 */
export function maySign(state: TendermintState): boolean {
  return state.height.height >= state.signedHeight;
}

/** Votes once in a round and kind: what is said becomes durable with the lock, before it leaves. */
export function vote(state: TendermintState, kind: VoteKind, id: PayloadId | null): void {
  const { height } = state;
  assert(height.said[kind] === undefined, 'a node votes once in a round and kind');
  height.step = kind;
  if (!maySign(state)) return;
  height.said = { ...height.said, [kind]: id };
  state.out.hardState = true;
  sendVote(state, kind, id);
}

function sendVote(state: TendermintState, kind: VoteKind, id: PayloadId | null): void {
  const { height, round } = state.height;
  broadcastDurably(state, { kind, height, round, id, voter: state.self });
}

/** Proposes once in a round. */
export function propose(state: TendermintState, candidate: Candidate, validRound: number | null): void {
  const { height } = state;
  assert(height.said.proposal === undefined, 'a node proposes once in a round');
  const { payload, epoch } = candidate;
  height.said = { ...height.said, proposal: { id: payload.id, validRound, epoch } };
  state.out.hardState = true;
  storeCandidate(state, candidate);
  sendProposal(state, candidate, validRound);
}

function sendProposal(state: TendermintState, { payload, epoch }: Candidate, validRound: number | null): void {
  const { height, round } = state.height;
  const proposal: Proposal = { kind: 'proposal', height, round, validRound, epoch, payload, voter: state.self };
  broadcastDurably(state, proposal);
}

/** Says again, word for word, the proposal of this round. Its payload is the stored one, or it stays unsaid. */
export function repeatProposal(state: TendermintState): void {
  const { proposal } = state.height.said;
  if (!proposal || state.stored?.payload.id !== proposal.id) return;
  sendProposal(state, { payload: state.stored.payload, epoch: proposal.epoch }, proposal.validRound);
}

/** After a restart: says again everything that was said in this round. */
export function repeatAll(state: TendermintState): void {
  const { said } = state.height;
  repeatProposal(state);
  if (said.prevote !== undefined) sendVote(state, 'prevote', said.prevote);
  if (said.precommit !== undefined) sendVote(state, 'precommit', said.precommit);
}
