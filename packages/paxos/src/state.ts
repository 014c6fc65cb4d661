import {
  askForBlocks,
  type Configuration,
  compareEpochs,
  createReplica,
  type EngineOptions,
  type Entry,
  EntryLog,
  type LeaderView,
  type Recovered,
  type Replica,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from './ballot.ts';
import { decodeHardState } from './codec.ts';
import type { Leadership } from './leadership.ts';
import type { PaxosMessage } from './message.ts';
import { createRounds, type Rounds } from './rounds.ts';

/** Parts of an AcceptSync that wait for the others: a log becomes the leader's as a whole or not at all. */
export interface PartialSync {
  readonly prevIndex: number;
  readonly entries: Entry[];
}

/** Everything one replica knows. */
export interface PaxosState extends Replica<PaxosMessage> {
  /** Nothing below is accepted. */
  promised: Ballot;
  /** Whose log this one is a prefix of. */
  acceptedRound: Ballot;
  /** While this node leads `promised`, or tries to. */
  leadership: Leadership | undefined;
  readonly rounds: Rounds;
  /** Started from a store, and not yet back in a session. */
  recovering: boolean;
  /** When this node takes over without a round: the designated first leader, or the only voter. */
  campaignAt: number | undefined;
  partial: PartialSync | undefined;
  /** When the leader was last asked to open a session, or sent a part of its opening. */
  askedAt: number;
  /** Only block sync can bring what is missing. */
  syncing: boolean;
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): PaxosState {
  const log = new EntryLog(recovered.anchor, recovered.log);
  const replica = createReplica<PaxosMessage, EntryLog>(log, configuration, recovered, options, now);
  const hardState = recovered.hardState && decodeHardState(recovered.hardState);
  const isFresh = hardState === undefined && recovered.log.length === 0;
  const mayCampaignAtOnce = replica.voters.length === 1 || (isFresh && options.first === options.self);
  return {
    ...replica,
    promised: hardState?.promised ?? BALLOT_ZERO,
    acceptedRound: hardState?.acceptedRound ?? BALLOT_ZERO,
    rounds: createRounds(replica.rng, options, now),
    recovering: !isFresh,
    campaignAt: mayCampaignAtOnce ? now : undefined,
    partial: undefined,
    askedAt: Number.NEGATIVE_INFINITY,
    syncing: false,
  };
}

/** Whether the log is a prefix of that of the promised ballot's leader. */
export function isInSession(state: PaxosState): boolean {
  return compareEpochs(state.acceptedRound, state.promised) === 0;
}

/** What an earlier leader left is decided first: building before would build on sand, and a read could see too little. */
export const view: LeaderView<PaxosState> = {
  leaderOf: ({ self, promised: { node }, leadership, rounds }) => {
    if (leadership) return leadership.phase === 'accept' ? self : undefined;
    return node !== '' && node !== self && rounds.happy ? node : undefined;
  },
  isOpen: ({ leadership, commitIndex }) => leadership?.phase === 'accept' && commitIndex >= leadership.adoptedIndex,
};

/** Fetches certified blocks, best from `peer`. */
export function wantBlocks(state: PaxosState, peer: NodeId): void {
  state.syncing = true;
  askForBlocks(state, peer);
}
