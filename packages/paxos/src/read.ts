import { ReadBarrier, send } from '@varve/consensus';
import { broadcastBeat } from './replication.ts';
import { type PaxosState, view } from './state.ts';

/**
 * Whoever confirms a round had promised no later ballot when the read had come in, so nothing was decided in one; what
 * was in earlier ones is in the log that was adopted.
 */
export const reads: ReadBarrier<PaxosState> = new ReadBarrier<PaxosState>({
  ...view,
  startRound: broadcastBeat,
  confirmations,
  request: (state, leader, context) => send(state, leader, { kind: 'readRequest', ballot: state.promised, context }),
  respond: (state, to, answer) => send(state, to, { kind: 'readResponse', ballot: state.promised, ...answer }),
});

function confirmations(state: PaxosState): number {
  let confirmed = 1;
  for (const peer of state.leadership?.progress.values() ?? []) {
    if (peer.id !== state.self && peer.round >= state.reads.round) confirmed += 1;
  }
  return confirmed;
}
