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
import type { PaxosMessage } from './message.ts';
import { createState, takeOutput } from './state.ts';
import { statusOf } from './status.ts';
import { step } from './step.ts';
import { recoverLedger } from './sync.ts';
import { nextDeadline } from './timer.ts';

/** Multi-Paxos without gaps (Sequence Paxos) and ballot leader election behind the engine contract. */
export const paxos: Protocol<PaxosMessage> = {
  name: 'paxos',
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
): { readonly engine: Engine<PaxosMessage>; readonly first: Output<PaxosMessage> } {
  const state = createState(configuration, recovered, options, now);
  recoverLedger(state, recovered.ledger);
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
 * What a voter promised or accepted, ordered by ballot and then by index: a voter promises no lower ballot later, and
 * within one it takes back nothing it accepted. A promise says nothing lasting of the log: it may still be replaced.
 */
function vouched(message: PaxosMessage): Slot | undefined {
  if (message.kind === 'accepted') return { index: message.lastIndex, epoch: message.ballot };
  return message.kind === 'promise' ? { index: 0, epoch: message.ballot } : undefined;
}
