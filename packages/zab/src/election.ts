import { isDiskStalled, send } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { follow, sendFollowerInfo } from './discovery.ts';
import { lead } from './leader.ts';
import type { Notification } from './message.ts';
import { reads } from './read.ts';
import { credentialsOf, type Following, type Looking, type ZabState } from './state.ts';
import { compareVotes, type Vote } from './zxid.ts';

/** With a quorum for the proposal, so many settle times fit into an election timeout. */
const SETTLES_PER_ELECTION = 4;

/**
 * Looks for a leader in a new round (fast leader election). Whatever this node was, it is no more.
 * @param wish - Whom the last leader named; it counts where its history is no worse than the own.
 */
export function look(state: ZabState, wish?: Vote): void {
  reads.fail(state);
  state.following = undefined;
  state.leadership = undefined;
  state.leader = undefined;
  enterRound(state, state.round + 1, wish);
}

function enterRound(state: ZabState, round: number, wish: Vote | undefined): void {
  const own = ownVote(state);
  const proposal = wish && compareVotes(wish, own) > 0 ? wish : own;
  const { heartbeatMs } = state.options.timing;
  state.round = round;
  state.looking = {
    proposal,
    votes: new Map([[state.self, proposal]]),
    settled: state.looking?.settled ?? new Map(),
    decideAt: undefined,
    resendAt: state.now + heartbeatMs,
    resendMs: heartbeatMs,
  };
  notifyAll(state);
  count(state, state.looking);
}

/** A fresh instance has a designated first leader. */
function ownVote(state: ZabState): Vote {
  const { self, options, acceptedEpoch, log } = state;
  const named = options.first === self && acceptedEpoch.number === 0 && log.lastIndex === 0;
  return { leader: self, ...credentialsOf(state), named };
}

function notificationOf(state: ZabState): Notification {
  const { round, looking, leadership, elected } = state;
  if (looking) return { kind: 'notification', round, state: 'looking', vote: looking.proposal };
  return { kind: 'notification', round, state: leadership ? 'leading' : 'following', vote: elected };
}

/** A node whose disk hangs could acknowledge nothing: it wants no votes, and gives none. */
function notifyAll(state: ZabState): void {
  if (isDiskStalled(state)) return;
  const notification = notificationOf(state);
  for (const peer of state.peers) send(state, peer, notification);
}

/** Votes of peers, and answers of those that have a leader. Only voters come here, and each counts once. */
export function onNotification(state: ZabState, from: NodeId, message: Notification): void {
  const { looking, following } = state;
  if (!state.voters.includes(message.vote.leader)) return;
  if (!looking) {
    if (following?.leader === from) return onLeaderSays(state, following, message);
    if (message.state === 'looking') send(state, from, notificationOf(state));
    return;
  }
  if (message.state === 'looking') {
    looking.settled.delete(from);
    onVote(state, looking, from, message);
  } else {
    looking.settled.set(from, message);
    if (message.round === state.round) onVote(state, looking, from, message);
    if (state.looking) joinSettled(state, state.looking, message.vote.leader);
  }
}

/** The leader looks for another one, or has just found out that it leads. */
function onLeaderSays(state: ZabState, following: Following, message: Notification): void {
  const { leader } = following;
  if (message.state === 'leading') {
    if (following.phase === 'discovery') sendFollowerInfo(state, following);
  } else if (message.round > state.round) {
    look(state);
    onNotification(state, leader, message);
  } else {
    send(state, leader, notificationOf(state));
  }
}

function onVote(state: ZabState, looking: Looking, from: NodeId, message: Notification): void {
  if (message.round < state.round) {
    // An older round is answered, and not counted.
    if (!isDiskStalled(state)) send(state, from, notificationOf(state));
    return;
  }
  if (message.round > state.round) {
    enterRound(state, message.round, message.vote);
  } else if (compareVotes(message.vote, looking.proposal) > 0) {
    propose(state, looking, message.vote);
  }
  const now = state.looking;
  if (!now) return;
  now.votes.set(from, message.vote);
  count(state, now);
}

/** Changes the own vote, and says so. */
function propose(state: ZabState, looking: Looking, vote: Vote): void {
  looking.proposal = vote;
  looking.votes.set(state.self, vote);
  looking.decideAt = undefined;
  looking.resendMs = state.options.timing.heartbeatMs;
  looking.resendAt = state.now + looking.resendMs;
  notifyAll(state);
}

/** With a quorum a better vote may still be on its way; when everybody agrees, none is. */
function count(state: ZabState, looking: Looking): void {
  let votes = 0;
  for (const vote of looking.votes.values()) if (compareVotes(vote, looking.proposal) === 0) votes += 1;
  if (votes < state.quorum) {
    looking.decideAt = undefined;
    return;
  }
  const settleMs = Math.floor(state.options.timing.electionMs / SETTLES_PER_ELECTION);
  looking.decideAt ??= state.now + settleMs;
  if (votes === state.voters.length) looking.decideAt = state.now;
}

/**
 * Who comes late, or back, follows an established leader without an election: if a quorum follows it, and it says
 * itself that it leads.
 */
function joinSettled(state: ZabState, looking: Looking, leader: NodeId): void {
  const leading = looking.settled.get(leader);
  if (leading?.state !== 'leading' || leading.vote.leader !== leader || leader === state.self) return;
  let followers = 0;
  for (const { vote } of looking.settled.values()) if (vote.leader === leader) followers += 1;
  if (followers < state.quorum) return;
  state.round = leading.round;
  settle(state, leading.vote);
}

function settle(state: ZabState, vote: Vote): void {
  state.looking = undefined;
  state.elected = vote;
  state.leaderHeardAt = state.now;
  if (vote.leader === state.self) lead(state);
  else follow(state, vote.leader);
  if (state.leadership) notifyAll(state);
}

/** Decides when the vote has settled, and repeats itself with growing pauses. */
export function runElection(state: ZabState, looking: Looking): void {
  if (isDiskStalled(state)) {
    looking.resendAt = state.now + state.options.timing.electionMs;
    looking.decideAt = undefined;
    return;
  }
  if (looking.resendAt <= state.now) {
    looking.resendMs = Math.min(2 * looking.resendMs, state.options.timing.electionMs);
    looking.resendAt = state.now + looking.resendMs;
    notifyAll(state);
    count(state, looking);
  }
  if (looking.decideAt !== undefined && looking.decideAt <= state.now) settle(state, looking.proposal);
}

/** After a pause: votes that wait to be heard come first. */
export function postponeDecision(state: ZabState, looking: Looking): void {
  looking.decideAt = undefined;
  count(state, looking);
  looking.resendAt = Math.min(looking.resendAt, state.now);
}
