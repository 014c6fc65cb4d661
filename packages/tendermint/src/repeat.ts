import type { NodeId } from '@varve/encoding';
import { isStarted } from './activity.ts';
import type { Votes } from './message.ts';
import { repeatProposal } from './sign.ts';
import { broadcast, send, type TendermintState } from './state.ts';

/** While nothing moves and nobody has demand, peers that may lag are asked twice as late each time. */
const BACKOFF_MAX = 2 ** 10;

/** All that leads another node to where this one stands: present votes, the valid value's polka, the last round's end. */
export function knownVotes(state: TendermintState): Votes {
  const { height, round, votes, valid } = state.height;
  const known = [...votes.firstVotes('prevote', round), ...votes.firstVotes('precommit', round)];
  if (round > 0) known.push(...votes.firstVotes('precommit', round - 1));
  // A polka may hold the second vote of an equivocator, which is not among the first ones.
  if (valid) known.push(...valid.polka.filter((vote) => !known.includes(vote)));
  return { kind: 'votes', height, round, votes: known };
}

/** Tells `to` where this node stands. */
export function sendStatus(state: TendermintState, to: NodeId, reply: boolean): void {
  const { height, round } = state.height;
  send(state, to, { kind: 'status', height, round, base: state.log.base, reply });
}

/** Says again what may have been lost, and asks those who may lag, or be ahead. */
export function runRepeat(state: TendermintState): void {
  if (state.repeatAt === undefined || state.repeatAt > state.now) return;
  if (isStarted(state)) {
    broadcast(state, knownVotes(state));
    repeatProposal(state);
  } else {
    for (const [id, peer] of state.peers) if (peer.height !== state.height.height) sendStatus(state, id, true);
  }
  state.repeats += 1;
  state.repeatAt = undefined;
}

/** Starts the timer of `runRepeat` where something may have been lost, and stops it where all is at rest. */
export function scheduleRepeat(state: TendermintState): void {
  const { roundMs, roundMsMax } = state.options.timing;
  const isWorking = isStarted(state);
  if (!isWorking && isEverybodyHere(state)) {
    state.repeatAt = undefined;
    return;
  }
  // The first time comes before the proposal of the round is given up.
  const first = Math.ceil(roundMs / 2);
  const later = isWorking ? roundMs : Math.min(first * Math.min(2 ** state.repeats, BACKOFF_MAX), roundMsMax);
  const at = state.now + (state.repeats === 0 ? first : later);
  // Work that begins again does not wait as long as idleness would.
  state.repeatAt = isWorking ? Math.min(at, state.repeatAt ?? at) : (state.repeatAt ?? at);
}

function isEverybodyHere(state: TendermintState): boolean {
  for (const peer of state.peers.values()) if (peer.height !== state.height.height) return false;
  return true;
}
