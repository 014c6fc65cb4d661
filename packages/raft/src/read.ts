import { ReadBarrier, send } from '@varve/consensus';
import { broadcastHeartbeat } from './replication.ts';
import { type RaftState, view } from './state.ts';

/** ReadIndex (thesis §6.4): heartbeats of the own term confirm. */
export const reads: ReadBarrier<RaftState> = new ReadBarrier<RaftState>({
  ...view,
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
