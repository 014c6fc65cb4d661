import type { Protocol } from '@varve/consensus';
import {
  type ClusterOptions,
  checkLogMatching,
  EngineCluster,
  type EngineHost,
  type Ensemble,
  type Invariants,
  names,
} from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from '../src/ballot.ts';
import { decodeHardState, encodeHardState } from '../src/codec.ts';
import { type PaxosMessage, paxos } from '../src/index.ts';

export const [A, B, C, D, E] = names(5) as readonly [NodeId, NodeId, NodeId, NodeId, NodeId];

/** Ballot `number` of whoever has it among `n` voters. */
export function ballotOf(number: number, n = 3): Ballot {
  const node = names(n)[(number - 1) % n];
  return node === undefined ? BALLOT_ZERO : { number, node };
}

export function hardStateOf(promised: number, acceptedRound: number = promised, n = 3): Uint8Array {
  return encodeHardState({ promised: ballotOf(promised, n), acceptedRound: ballotOf(acceptedRound, n) });
}

/** What each ballot's leader decided first, and by how much: for one cluster. */
export function paxosInvariants(leaders: Map<number, NodeId> = new Map()): Invariants<PaxosMessage> {
  return {
    onStep: (host, { history }) => checkLeader(host, leaders, history.highest),
    onEnd: checkLogs,
  };
}

/** A ballot has one leader (trap 31), and what it adopted has all that is decided (trap 29). */
function checkLeader(host: EngineHost<PaxosMessage>, leaders: Map<number, NodeId>, highest: number): void {
  const status = host.engine?.status();
  if (status?.role !== 'leader') return;
  const key = status.epoch.number;
  const run = `${host.id}/${host.boots}` as NodeId;
  const known = leaders.get(key);
  if (known === run) return;
  if (known !== undefined) throw new Error(`ballots are used once: ${known} and ${run} in ${key}`);
  leaders.set(key, run);
  if (status.lastIndex < highest) throw new Error(`${host.id} leads ${key} and lacks ${highest}`);
}

/** Equal epochs at an index mean equal logs before; the accepted round is never above the promised one. */
function checkLogs(ensemble: Ensemble<PaxosMessage>): void {
  checkLogMatching(ensemble);
  for (const host of ensemble.hosts.values()) {
    const { hardState, log } = host.store;
    if (!hardState) continue;
    const { promised, acceptedRound } = decodeHardState(hardState);
    if (acceptedRound.number > promised.number) throw new Error('accepted above what is promised');
    if ((log.at(-1)?.epoch.number ?? 0) > acceptedRound.number) throw new Error('an entry above the accepted round');
  }
}

/** A cluster that checks the engine's own safety properties all along, and knows what a leader is. */
export class Cluster extends EngineCluster<PaxosMessage> {
  /** Ballot number → the run of the node that led it. */
  readonly leaders: Map<number, NodeId>;

  constructor(options: Omit<ClusterOptions<PaxosMessage>, 'invariants'>, protocol: Protocol<PaxosMessage> = paxos) {
    const leaders = new Map<number, NodeId>();
    super(protocol, { ...options, invariants: paxosInvariants(leaders) });
    this.leaders = leaders;
  }

  /** Waits for a leader that a quorum follows. */
  elect(): NodeId {
    this.runUntil('a leader', () => {
      const id = this.leader();
      const followers = this.live().filter((other) => id !== undefined && this.status(other).leader === id);
      return followers.length >= paxos.quorum(this.ids.length);
    });
    return this.leader() as NodeId;
  }
}
