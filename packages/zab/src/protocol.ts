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
import { look } from './election.ts';
import type { ZabMessage } from './message.ts';
import { createState, takeOutput } from './state.ts';
import { statusOf } from './status.ts';
import { step } from './step.ts';
import { recoverLedger } from './sync.ts';
import { nextDeadline } from './timer.ts';

/** ZAB 1.0 (Junqueira, Reed and Serafini 2011; ZooKeeper) behind the engine contract. */
export const zab: Protocol<ZabMessage> = {
  name: 'zab',
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
): { readonly engine: Engine<ZabMessage>; readonly first: Output<ZabMessage> } {
  const state = createState(configuration, recovered, options, now);
  recoverLedger(state, recovered.ledger);
  look(state);
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
