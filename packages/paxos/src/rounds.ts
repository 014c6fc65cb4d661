import { compareEpochs, type EngineOptions, isDiskStalled, type Rng, send, uniformBelow } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Ballot } from './ballot.ts';
import type { HeartbeatReply, HeartbeatRequest } from './message.ts';
import { abdicate, reprepare, takeOver } from './prepare.ts';
import type { PaxosState } from './state.ts';

/** A leader gives up after so many rounds in a row without a quorum. */
const LONELY_ROUNDS_MAX = 2;

/** A node that lacks blocks takes over after so many rounds in a row without a leader. */
const SYNCING_ROUNDS_MIN = 4;

/** Ballot leader election (Ng, Haridi and Carbone 2023, §5): whoever has a quorum may lead, whatever its log. */
export interface Rounds {
  /** Number of this round, our own counter. */
  round: number;
  endsAt: number;
  /** When those who have not answered are asked again: a lost message must not look like a dead node. */
  askAt: number;
  readonly replies: Map<NodeId, { readonly ballot: Ballot; readonly happy: boolean }>;
  /** At the end of the last round: this node leads with a quorum, or heard from a leader that does. */
  happy: boolean;
  /** Rounds in a row in which this node led without a quorum. */
  lonely: number;
  /** Rounds in a row at whose end it was not happy. */
  unhappy: number;
  /** Highest number of a ballot heard of. */
  highest: number;
}

/** The first round; what was answered to an earlier run does not count in it. */
export function createRounds(rng: Rng, options: EngineOptions, now: number): Rounds {
  const [round, endsAt] = [rng.nextUint32() * 2 ** 20, now + drawRound(rng, options)];
  const replies: Rounds['replies'] = new Map();
  return { round, endsAt, askAt: endsAt, replies, happy: false, lonely: 0, unhappy: 0, highest: 0 };
}

/**
 * A round takes about T/2, so that two without the leader are about T. Drawn anew each time: whoever notices first
 * takes over before the others do.
 */
function drawRound(rng: Rng, { timing }: EngineOptions): number {
  return Math.ceil((timing.electionMs * 3) / 8) + uniformBelow(rng, Math.ceil(timing.electionMs / 4));
}

/** Asks everybody anew; what the last round heard is forgotten. */
export function startRound(state: PaxosState): void {
  const { rounds } = state;
  rounds.round += 1;
  rounds.endsAt = state.now + drawRound(state.rng, state.options);
  rounds.replies.clear();
  askSilent(state);
}

/** Asks those who have not answered in this round. */
export function askSilent(state: PaxosState): void {
  const { rounds, promised: ballot } = state;
  rounds.askAt = state.now + state.options.timing.heartbeatMs;
  for (const peer of state.peers) {
    if (!rounds.replies.has(peer)) send(state, peer, { kind: 'heartbeatRequest', ballot, round: rounds.round });
  }
}

/** A leader whose disk hangs has nobody's confidence (trap 11). */
export function onHeartbeatRequest(state: PaxosState, from: NodeId, message: HeartbeatRequest): void {
  noteBallot(state, message.ballot);
  const happy = state.rounds.happy && !(state.leadership && isDiskStalled(state));
  send(state, from, { kind: 'heartbeatReply', ballot: state.promised, round: message.round, happy });
}

/** Counts in the round that asked for it only. */
export function onHeartbeatReply(state: PaxosState, from: NodeId, message: HeartbeatReply): void {
  noteBallot(state, message.ballot);
  if (message.round === state.rounds.round) state.rounds.replies.set(from, message);
}

function noteBallot({ rounds }: PaxosState, ballot: Ballot): void {
  rounds.highest = Math.max(rounds.highest, ballot.number);
}

/** The round is over: am I happy, and if not, is it for me to take over? */
export function endRound(state: PaxosState): void {
  const { rounds, leadership } = state;
  rounds.happy = isHappy(state);
  rounds.unhappy = rounds.happy ? 0 : rounds.unhappy + 1;
  if (leadership) {
    rounds.lonely = rounds.happy ? 0 : rounds.lonely + 1;
    if (rounds.lonely >= (leadership.phase === 'prepare' ? 1 : LONELY_ROUNDS_MAX)) abdicate(state);
    else if (rounds.happy && hasStrays(state)) return takeOver(state);
    else if (leadership.phase === 'prepare') reprepare(state, leadership);
  }
  if (!state.leadership && mayTakeOver(state)) return takeOver(state);
  startRound(state);
}

function isHappy(state: PaxosState): boolean {
  const { promised, leadership, rounds, quorum } = state;
  const replies = [...rounds.replies];
  if (leadership) {
    const followers = replies.filter(([, { ballot }]) => compareEpochs(ballot, promised) <= 0);
    return followers.length + 1 >= quorum && !isDiskStalled(state);
  }
  // Only the leader's own word counts: two followers could reassure each other for ever.
  return replies.some(([id, { ballot, happy }]) => happy && ballot.node === id && compareEpochs(ballot, promised) >= 0);
}

/**
 * Nodes that promised a later ballot, whose leader is gone or has no quorum, can not follow this one. A ballot above
 * theirs takes them along. Those who follow a happy leader are left to it, or two leaders would outbid each other.
 */
function hasStrays({ promised, rounds }: PaxosState): boolean {
  const replies = [...rounds.replies.values()];
  return replies.some(({ ballot, happy }) => compareEpochs(ballot, promised) > 0 && !happy);
}

/** Nobody in reach has a leader with a quorum, and this node reaches a quorum. */
function mayTakeOver(state: PaxosState): boolean {
  const { replies, happy, unhappy } = state.rounds;
  if (happy || replies.size + 1 < state.quorum || isDiskStalled(state)) return false;
  // Whoever must fetch blocks before it can adopt a log leaves the lead to the others, if there are any.
  if (state.syncing && unhappy < SYNCING_ROUNDS_MIN) return false;
  return [...replies.values()].every((reply) => !reply.happy);
}
