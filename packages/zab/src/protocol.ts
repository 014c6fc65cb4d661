import { leaderProtocol, type Protocol, type Slot } from '@varve/consensus';
import { codec, encodeHardState } from './codec.ts';
import { look } from './election.ts';
import { nonsenseIn, type ZabMessage } from './message.ts';
import { reads } from './read.ts';
import { leaderPropose, onLink } from './replication.ts';
import { createState, view, type ZabState } from './state.ts';
import { epochOf, matchOf, recoveryOf, roleOf } from './status.ts';
import { onMessage } from './step.ts';
import { onSynced, recoverLedger } from './sync.ts';
import { forgive, nextDeadline, runTimers } from './timer.ts';
import { onTransfer } from './transfer.ts';

/** ZAB 1.0 (Junqueira, Reed and Serafini 2011; ZooKeeper) behind the engine contract. */
export const zab: Protocol<ZabMessage> = leaderProtocol<ZabState, ZabMessage>({
  name: 'zab',
  ...codec,
  ...view,
  start: (configuration, recovered, options, now) => {
    const state = createState(configuration, recovered, options, now);
    recoverLedger(state, recovered);
    look(state);
    return state;
  },
  hardState: encodeHardState,
  vouched,
  nonsenseIn,
  reads,
  onMessage,
  propose: leaderPropose,
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
 * The claim is about (epoch, history within that epoch), and its epoch names the claimant: two nodes' claims are not
 * compared.
 * - ACK and ACK of NEWLEADER in epoch *e*: ((*e*, sender), counter). Within an epoch a follower never cuts off what it
 *   acknowledged, so the greatest claim of an epoch stays true.
 * - ACKEPOCH: ((*e*, sender), 0). The history may still be cut off in that epoch, so its length is no lasting claim.
 * So a store that lost an accepted epoch or an acknowledged proposal holds less than its greatest claim.
 */
function vouched(message: ZabMessage): Slot | undefined {
  switch (message.kind) {
    case 'ackEpoch':
      return { index: 0, epoch: { number: message.epoch, node: message.voter } };
    case 'ackLeader':
    case 'ack':
      return { index: message.counter, epoch: { number: message.epoch, node: message.voter } };
    default:
      return undefined;
  }
}
