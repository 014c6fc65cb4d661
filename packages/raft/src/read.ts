import { ReadBarrier } from '@varve/consensus';
import { broadcastHeartbeat } from './replication.ts';
import { type RaftState, send } from './state.ts';

/** ReadIndex (thesis §6.4): heartbeats of the own term confirm. */
export const reads: ReadBarrier<RaftState> = new ReadBarrier<RaftState>({
  isLeading: (state) => state.leadership !== undefined,
  // Before its own no-op is committed, a leader does not know what is (Raft §8).
  isOpen: (state) => state.leadership !== undefined && state.commitIndex >= state.leadership.firstIndex,
  startRound: broadcastHeartbeat,
  confirmations,
  request: (state, leader, context) => send(state, leader, { kind: 'readRequest', term: state.term, context }),
  respond: (state, to, answer) => send(state, to, { kind: 'readResponse', term: state.term, ...answer }),
});

function confirmations(state: RaftState): number {
  let confirmed = 1;
  for (const peer of state.leadership?.progress.values() ?? []) {
    if (peer.id !== state.self && peer.round >= state.reads.round) confirmed += 1;
  }
  return confirmed;
}
