import {
  type Configuration,
  type Engine,
  type EngineOptions,
  type Output,
  type Protocol,
  quorumSize,
  type Recovered,
  type Slot,
} from '@varve/consensus';
import { decode, encode } from './codec.ts';
import type { RaftMessage } from './message.ts';
import { createState, takeOutput } from './state.ts';
import { statusOf } from './status.ts';
import { step } from './step.ts';
import { recoverLedger } from './sync.ts';
import { nextDeadline } from './timer.ts';

/** Raft (Ongaro and Ousterhout 2014; Ongaro's thesis) behind the engine contract. */
export const raft: Protocol<RaftMessage> = {
  name: 'raft',
  faultModel: 'crash',
  quorum: (n) => quorumSize(n, 'crash'),
  create,
  vouched,
  signBytes: () => undefined,
  statements: () => [],
  encode,
  decode,
};

function create(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): { readonly engine: Engine<RaftMessage>; readonly first: Output<RaftMessage> } {
  const state = createState(configuration, recovered, options, now);
  recoverLedger(state, recovered);
  state.wakeAt = nextDeadline(state);
  const first = takeOutput(state);
  return {
    engine: {
      step(input, time) {
        step(state, input, time);
        return takeOutput(state);
      },
      status: () => statusOf(state),
    },
    first,
  };
}

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
