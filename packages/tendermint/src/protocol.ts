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
import type { InstanceId, NodeId } from '@varve/encoding';
import { decode, encode } from './codec.ts';
import type { TendermintMessage } from './message.ts';
import { type Place, placeOf } from './place.ts';
import { sendStatus } from './repeat.ts';
import { repeatAll } from './sign.ts';
import { signBytes, statements } from './signing.ts';
import { createState, takeOutput } from './state.ts';
import { statusOf } from './status.ts';
import { settle, step } from './step.ts';

/** Tendermint (Buchman, Kwon and Milosevic, arXiv 1807.04938) behind the engine contract. */
export const tendermint: Protocol<TendermintMessage> = {
  name: 'tendermint',
  faultModel: 'byzantine',
  quorum: (n) => quorumSize(n, 'byzantine'),
  create,
  vouched,
  vouchedBy,
  signBytes,
  statements,
  encode,
  decode,
};

function create(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): { readonly engine: Engine<TendermintMessage>; readonly first: Output<TendermintMessage> } {
  const state = createState(configuration, recovered, options, now);
  repeatAll(state);
  for (const peer of state.peers.keys()) sendStatus(state, peer, true);
  settle(state);
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

/** Statements in one round, in their order. */
const STEPS = ['proposal', 'prevote', 'precommit'] as const;

/**
 * The claim is the sender's sign state: (height, round, step). `Slot` orders by epoch first, so the height stands as the
 * epoch's number, round and step as the index, and the epoch names the claimant: two nodes' claims are not compared.
 * A store that lost a statement, or a decision before it, holds less than the greatest claim its owner made.
 */
function vouched(message: TendermintMessage): Slot | undefined {
  switch (message.kind) {
    case 'proposal':
    case 'prevote':
    case 'precommit':
      return claim(message, message.voter);
    default:
      return undefined;
  }
}

/** See `vouched`: signed bytes name the place, their signature the voter. */
function vouchedBy(signed: Uint8Array, voter: NodeId, instance: InstanceId): Slot | undefined {
  const place = placeOf(signed, instance);
  return place && claim(place, voter);
}

function claim({ kind, height, round }: Place, voter: NodeId): Slot {
  return { index: STEPS.length * round + STEPS.indexOf(kind), epoch: { number: height, node: voter } };
}
