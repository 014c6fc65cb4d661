import { leaderProtocol, type Protocol, type Slot } from '@varve/consensus';
import { codec, encodeHardState } from './codec.ts';
import { nonsenseIn, type RaftMessage } from './message.ts';
import { reads } from './read.ts';
import { broadcastAppend, leaderAppend, onLink } from './replication.ts';
import { createState, type RaftState, view } from './state.ts';
import { epochOf, matchOf, recoveryOf, roleOf } from './status.ts';
import { onMessage } from './step.ts';
import { onSynced, recoverLedger } from './sync.ts';
import { forgive, nextDeadline, runTimers } from './timer.ts';
import { onTransfer } from './transfer.ts';

/** Raft (Ongaro and Ousterhout 2014; Ongaro's thesis) behind the engine contract. */
export const raft: Protocol<RaftMessage> = leaderProtocol<RaftState, RaftMessage>({
  name: 'raft',
  ...codec,
  ...view,
  start: (configuration, recovered, options, now) => {
    const state = createState(configuration, recovered, options, now);
    recoverLedger(state, recovered);
    return state;
  },
  hardState: encodeHardState,
  vouched,
  nonsenseIn,
  reads,
  onMessage,
  propose: (state, payload) => {
    leaderAppend(state, { payload });
    broadcastAppend(state);
  },
  onSynced,
  onTransfer,
  onLink,
  forgive,
  runTimers,
  nextDeadline,
  roleOf,
  epochOf,
  matchOf,
  recoveryOf,
});

/**
 * The claim is about (term, log within that term), and its epoch names the claimant: two nodes' claims are not compared.
 * - An acknowledgement of term *t*: ((*t*, sender), matchIndex). Within a term a follower never truncates what it
 *   acknowledged, so the greatest claim of a term stays true.
 * - A vote of term *t*: ((*t*, sender), 0). The voter's log may still be truncated in that term, so its length is
 *   no lasting claim; and it adds nothing: writes are durable in order, so a store that still has the vote has
 *   everything written before it.
 * So claims ordered by (epoch, index) never exceed (durable term, durable last index), and a store that lost a vote or
 * an acknowledged entry holds less than its greatest claim.
 */
function vouched(message: RaftMessage): Slot | undefined {
  if (message.kind === 'appendAccepted') {
    return { index: message.matchIndex, epoch: { number: message.term, node: message.voter } };
  }
  if (message.kind === 'voteResponse' && message.granted) {
    return { index: 0, epoch: { number: message.term, node: message.voter } };
  }
  return undefined;
}
