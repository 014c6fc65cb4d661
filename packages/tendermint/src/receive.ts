import type { Envelope } from '@varve/consensus';
import { assertNever } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { askIfBehind, notePlace, onDecided, onStatus, serve } from './catch-up.ts';
import { accuseProposals, accuseVotes } from './evidence.ts';
import {
  nonsenseIn,
  type Proposal,
  type SignedVote,
  type TendermintMessage,
  type Vote,
  type Votes,
} from './message.ts';
import { proposerOf } from './proposer.ts';
import { onReadRequest, onReadResponse } from './read.ts';
import type { Heard, TendermintState } from './state.ts';

/** A message of a voter, this one included. Its signature and every statement in it are verified. */
export function onEnvelope(state: TendermintState, envelope: Envelope<TendermintMessage>): void {
  const { from, to, message, signature } = envelope;
  if (to !== state.self || !state.voters.includes(from) || nonsenseIn(message) !== undefined) return;
  const peer = state.peers.get(from);
  if (peer) {
    peer.heardAt = state.now;
    peer.isDown = false;
  }
  switch (message.kind) {
    case 'proposal':
      return onProposal(state, from, message, signature);
    case 'prevote':
    case 'precommit':
      return onVote(state, from, message, signature);
    case 'votes':
      return onVotes(state, from, message);
    case 'status':
      return onStatus(state, from, message);
    case 'decided':
      return onDecided(state, from, message);
    case 'readRequest':
      return onReadRequest(state, from, message);
    case 'readResponse':
      return onReadResponse(state, from, message);
    default:
      return assertNever(message);
  }
}

/** The present height and the next: everything else comes by catching up. */
function heardOf(state: TendermintState, height: number): Heard | undefined {
  if (height === state.height.height) return state.height;
  return height === state.next.height ? state.next : undefined;
}

function onProposal(state: TendermintState, from: NodeId, proposal: Proposal, signature: Uint8Array | undefined): void {
  const { height, round, voter, epoch } = proposal;
  if (voter !== from || !signature) return;
  notePlace(state, from, height);
  const { voters } = state;
  if (proposerOf(voters, height, round) !== voter || proposerOf(voters, height, epoch.number - 1) !== epoch.node)
    return;
  const heard = heardOf(state, height);
  if (!heard) return;
  heard.votes.noteReached(voter, round);
  const first = heard.proposals.add(proposal, signature);
  if (first && !isSameProposal(first.proposal, proposal)) accuseProposals(state, first, { proposal, signature });
}

function isSameProposal(a: Proposal, b: Proposal): boolean {
  const isSameEpoch = a.epoch.number === b.epoch.number && a.epoch.node === b.epoch.node;
  return a.payload.id === b.payload.id && a.validRound === b.validRound && isSameEpoch;
}

function onVote(state: TendermintState, from: NodeId, vote: Vote, signature: Uint8Array | undefined): void {
  if (vote.voter !== from || !signature) return;
  notePlace(state, from, vote.height);
  const signed: SignedVote = { ...vote, signature };
  const first = heardOf(state, vote.height)?.votes.add(signed);
  if (first) accuseVotes(state, first, signed);
}

/** Votes that a peer passes on; they also tell where it stands. */
function onVotes(state: TendermintState, from: NodeId, { height, votes }: Votes): void {
  notePlace(state, from, height);
  if (height < state.height.height) return serve(state, from, height);
  const heard = heardOf(state, height);
  const known = votes.filter(({ voter }) => state.voters.includes(voter));
  for (const [first, second] of heard?.votes.addAll(known) ?? []) accuseVotes(state, first, second);
  if (height > state.height.height) askIfBehind(state, from);
}
