import { commitTo, send, sendDurably } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { look } from './election.ts';
import type { AckEpoch, AckLeader, FollowerInfo } from './message.ts';
import { reads } from './read.ts';
import { advanceCommit, noteDurable, startSynchronization } from './replication.ts';
import {
  acceptEpoch,
  createLearners,
  credentialsOf,
  enterEpoch,
  type Leadership,
  type Learner,
  lastZxid,
  type ZabState,
} from './state.ts';
import { compareCredentials } from './zxid.ts';

/** Elected: but it leads only when a quorum has accepted its epoch and synchronized with it. */
export function lead(state: ZabState): void {
  const { heartbeatMs, electionMs } = state.options.timing;
  state.leader = state.self;
  state.leadership = {
    phase: 'discovery',
    epoch: 0,
    learners: createLearners(state),
    historyEnd: 0,
    pingAt: state.now + heartbeatMs,
    quorumCheckAt: state.now + electionMs,
    transfer: undefined,
    openBuild: undefined,
  };
  chooseEpoch(state, state.leadership);
}

function howMany(leadership: Leadership, isSo: (learner: Learner) => boolean): number {
  let voters = 0;
  for (const learner of leadership.learners.values()) if (isSo(learner)) voters += 1;
  return voters;
}

/** A follower comes, or comes back after it had lost this leader. */
export function onFollowerInfo(state: ZabState, leadership: Leadership, from: NodeId, message: FollowerInfo): void {
  const learner = leadership.learners.get(from);
  if (!learner || from === state.self) return;
  const { number, node } = message.acceptedEpoch;
  state.epochHeard = Math.max(state.epochHeard, number);
  learner.progress.active = true;
  learner.info = message.acceptedEpoch;
  if (leadership.epoch === 0) return chooseEpoch(state, leadership);
  // It can never accept this epoch. Only a later one lets it in again.
  if (number > leadership.epoch || (number === leadership.epoch && node !== state.self)) return look(state);
  sendDurably(state, from, { kind: 'newEpoch', epoch: leadership.epoch });
}

/** With a quorum's word on what was accepted, the epoch is one above all of it: no other leader's is the same. */
function chooseEpoch(state: ZabState, leadership: Leadership): void {
  if (howMany(leadership, ({ info }) => info !== undefined) < state.quorum) return;
  let highest = Math.max(state.epochHeard, state.acceptedEpoch.number);
  for (const { info } of leadership.learners.values()) highest = Math.max(highest, info?.number ?? 0);
  const epoch = highest + 1;
  leadership.epoch = epoch;
  acceptEpoch(state, { number: epoch, node: state.self });
  // Not at once: a leader that crashed before this is durable would propose the same epoch again.
  for (const { info, progress } of leadership.learners.values()) {
    if (info && progress.id !== state.self) sendDurably(state, progress.id, { kind: 'newEpoch', epoch });
  }
  sendDurably(state, state.self, { kind: 'ackEpoch', epoch, ...credentialsOf(state), voter: state.self });
}

/** A voter, perhaps this one, accepted the epoch. A quorum of them, none with a better history, ends discovery. */
export function onAckEpoch(state: ZabState, leadership: Leadership, from: NodeId, message: AckEpoch): void {
  const learner = leadership.learners.get(from);
  if (!learner || message.voter !== from) return;
  learner.progress.active = true;
  const isDiscovery = leadership.phase === 'discovery';
  // After discovery a longer history is no better: what it holds beyond the leader's was never committed.
  if (isDiscovery && compareCredentials(message, credentialsOf(state)) > 0) return look(state);
  const isRepeated = learner.history !== undefined && compareCredentials(message, learner.history) === 0;
  learner.history = { currentEpoch: message.currentEpoch, zxid: message.zxid };
  // Said again while it synchronizes: what it did not get, its answer to the next ping brings.
  if (!isDiscovery && isRepeated && learner.target !== undefined && !learner.acked) return;
  if (!isDiscovery) return startSynchronization(state, leadership, learner);
  if (howMany(leadership, ({ history }) => history !== undefined) < state.quorum) return;
  leadership.phase = 'synchronization';
  leadership.historyEnd = state.log.lastIndex;
  enterEpoch(state, leadership.epoch);
  const { epoch, counter } = { epoch: leadership.epoch, counter: lastZxid(state).counter };
  sendDurably(state, state.self, { kind: 'ackLeader', epoch, counter, voter: state.self });
  for (const one of leadership.learners.values()) startSynchronization(state, leadership, one);
}

/** A voter, perhaps this one, has synchronized: its history is durable, and then its currentEpoch. */
export function onAckLeader(state: ZabState, leadership: Leadership, from: NodeId, message: AckLeader): void {
  const learner = leadership.learners.get(from);
  if (!learner || message.voter !== from || leadership.phase === 'discovery') return;
  if (message.counter < leadership.historyEnd || message.counter > state.log.lastIndex) return;
  learner.progress.active = true;
  noteDurable(state, leadership, learner, message.counter);
  // It may have been the last that a transfer waited for.
  if (state.leadership !== leadership) return;
  learner.acked = true;
  if (leadership.phase === 'synchronization') {
    if (howMany(leadership, ({ acked }) => acked) >= state.quorum) establish(state, leadership);
    return;
  }
  sendUpToDate(state, leadership, learner);
  advanceCommit(state, leadership);
}

/** A quorum has this history and this currentEpoch: no other history can win any more, so all of it is committed. */
function establish(state: ZabState, leadership: Leadership): void {
  leadership.phase = 'broadcast';
  commitTo(state, leadership.historyEnd);
  for (const learner of leadership.learners.values()) if (learner.acked) sendUpToDate(state, leadership, learner);
  advanceCommit(state, leadership);
  reads.advance(state);
}

function sendUpToDate(state: ZabState, leadership: Leadership, { progress }: Learner): void {
  if (progress.id === state.self) return;
  progress.commitTold = Math.min(progress.matchIndex, state.commitIndex);
  send(state, progress.id, { kind: 'upToDate', epoch: leadership.epoch, counter: state.commitIndex });
}
