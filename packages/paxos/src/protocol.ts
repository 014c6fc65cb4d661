import { leaderProtocol, type Protocol, type Slot } from '@varve/consensus';
import { codec, encodeHardState } from './codec.ts';
import { nonsenseIn, type PaxosMessage } from './message.ts';
import { reads } from './read.ts';
import { leaderAppend, onLink } from './replication.ts';
import { createState, type PaxosState, view } from './state.ts';
import { epochOf, matchOf, recoveryOf, roleOf } from './status.ts';
import { onMessage } from './step.ts';
import { onSynced, recoverLedger } from './sync.ts';
import { forgive, nextDeadline, runTimers } from './timer.ts';
import { onTransfer } from './transfer.ts';

/** Multi-Paxos without gaps (Sequence Paxos) and ballot leader election behind the engine contract. */
export const paxos: Protocol<PaxosMessage> = leaderProtocol<PaxosState, PaxosMessage>({
  name: 'paxos',
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
  propose: leaderAppend,
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
 * What a voter promised or accepted, ordered by ballot and then by index: a voter promises no lower ballot later, and
 * within one it takes back nothing it accepted. A promise says nothing lasting of the log: it may still be replaced.
 */
function vouched(message: PaxosMessage): Slot | undefined {
  if (message.kind === 'accepted') return { index: message.lastIndex, epoch: message.ballot };
  return message.kind === 'promise' ? { index: 0, epoch: message.ballot } : undefined;
}
