import { ReadBarrier, send } from '@varve/consensus';
import { broadcastPing } from './replication.ts';
import { view, type ZabState } from './state.ts';

/** Reads are confirmed by the answers to pings of the own epoch that were sent after the read came in. */
export const reads: ReadBarrier<ZabState> = new ReadBarrier<ZabState>({
  ...view,
  startRound: broadcastPing,
  confirmations,
  request: (state, leader, context) => send(state, leader, { kind: 'readRequest', context }),
  respond: (state, to, answer) => send(state, to, { kind: 'readResponse', ...answer }),
});

function confirmations(state: ZabState): number {
  let confirmed = 1;
  for (const { acked, progress } of state.leadership?.learners.values() ?? []) {
    if (progress.id !== state.self && acked && progress.round >= state.reads.round) confirmed += 1;
  }
  return confirmed;
}
