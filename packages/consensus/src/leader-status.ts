import type { NodeId } from '@varve/encoding';
import { buildObstacle } from './building.ts';
import type { EngineRole, Epoch, Status } from './contract.ts';
import type { LeaderView } from './read-barrier.ts';
import { isDiskStalled, isHeard, type Replica } from './replica.ts';

/** Why a replica waits, and for whom. */
export type Waiting = NonNullable<Status['waiting']>;

/** What a protocol tells of its replicas. */
export interface StatusPort<S> extends LeaderView<S> {
  /** While it is not draining. */
  roleOf(state: S): EngineRole;
  /** That of its leader, where it has one. */
  epochOf(state: S): Epoch;
  /** Up to where `voter` is known to hold the leader's log durably. */
  matchOf(state: S, voter: NodeId): number;
  /** What it lacks before it can take part. */
  recoveryOf(state: S): Waiting | undefined;
}

/** What an operator sees; times are as of the last step. */
export function statusOf<S extends Replica>(state: S, port: StatusPort<S>): Status {
  const waiting = waitingOf(state, port);
  const leader = port.leaderOf(state);
  return {
    role: state.draining ? 'draining' : port.roleOf(state),
    epoch: port.epochOf(state),
    ...(leader === undefined ? {} : { leader }),
    lastIndex: state.log.lastIndex,
    committed: state.commitIndex,
    applied: state.applied,
    anchor: state.log.anchor.index,
    inFlight: state.log.payloadsAfter(state.commitIndex),
    peers: state.peers.map((id) => ({ id, match: port.matchOf(state, id), heardAt: state.heardAt.get(id) ?? 0 })),
    ...(waiting ? { waiting } : {}),
  };
}

function waitingOf<S extends Replica>(state: S, port: StatusPort<S>): Waiting | undefined {
  const leader = port.leaderOf(state);
  const isLeading = leader === state.self;
  const silent = state.peers.filter((peer) => !isHeard(state, peer));
  const isQuorumHeard = state.voters.length - silent.length >= state.quorum;
  if (isDiskStalled(state)) return { code: 'DISK_STALLED', nodes: [state.self] };
  if (!isQuorumHeard && (isLeading || leader === undefined)) return { code: 'NO_QUORUM', nodes: silent };
  const recovery = port.recoveryOf(state);
  if (recovery) return recovery;
  if (leader === undefined) return { code: 'ELECTION', nodes: silent };
  const obstacle = state.pending && port.isOpen(state) ? buildObstacle(state) : undefined;
  if (obstacle === 'EXECUTION_BEHIND') return { code: obstacle, nodes: [state.self] };
  if (obstacle !== 'WINDOW_FULL') return undefined;
  return { code: obstacle, nodes: state.voters.filter((voter) => port.matchOf(state, voter) < state.log.lastIndex) };
}
