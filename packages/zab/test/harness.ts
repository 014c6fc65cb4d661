import type { Protocol } from '@varve/consensus';
import {
  type ClusterOptions,
  checkLogMatching,
  EngineCluster,
  type EngineHost,
  type Invariants,
  names,
  type Store,
} from '@varve/consensus/testing';
import { encodeCbor, type NodeId } from '@varve/encoding';
import { decodeHardState } from '../src/codec.ts';
import { type ZabMessage, zab } from '../src/index.ts';

export const [A, B, C, D, E] = names(5) as readonly [NodeId, NodeId, NodeId, NodeId, NodeId];

export function hardStateOf(acceptedEpoch: number, leader: NodeId | undefined, currentEpoch: number): Uint8Array {
  return encodeCbor([1, acceptedEpoch, leader ?? null, currentEpoch]);
}

/**
 * One established leader in an epoch, which holds whatever was committed before (initial history, agreement); histories
 * that share a zxid are one up to there; and no store has synchronized with a later epoch than it accepted.
 */
export function zabInvariants(leaders: Map<number, NodeId> = new Map()): Invariants<ZabMessage> {
  return {
    onStep: (host, { history }) => {
      checkLeader(host, leaders, history.highest);
      checkEpochs(host.store);
    },
    onEnd: checkLogMatching,
  };
}

function checkLeader(host: EngineHost<ZabMessage>, leaders: Map<number, NodeId>, highest: number): void {
  const status = host.engine?.status();
  if (status?.role !== 'leader') return;
  const epoch = status.epoch.number;
  const known = leaders.get(epoch);
  if (known === host.id) return;
  if (known !== undefined) throw new Error(`one leader an epoch: ${known} and ${host.id} in ${epoch}`);
  leaders.set(epoch, host.id);
  // Acknowledgements that were long on their way may establish a leader whose time is over.
  const isLatest = Math.max(...leaders.keys()) === epoch;
  if (isLatest && status.committed < highest)
    throw new Error(`${host.id} is established in ${epoch} and lacks ${highest}`);
}

function checkEpochs(store: Store): void {
  const { acceptedEpoch, currentEpoch } = store.hardState
    ? decodeHardState(store.hardState)
    : { acceptedEpoch: { number: 0 }, currentEpoch: 0 };
  if (currentEpoch > acceptedEpoch.number) throw new Error('currentEpoch is above acceptedEpoch');
  const last = store.log.at(-1);
  if (last && last.epoch.number > acceptedEpoch.number) throw new Error('a proposal of an epoch that was not accepted');
}

/** A cluster that checks ZAB's own promises all along, and knows what a leader is. */
export class Cluster extends EngineCluster<ZabMessage> {
  /** Established leaders by epoch. */
  readonly leaders: Map<number, NodeId>;

  constructor(options: Omit<ClusterOptions<ZabMessage>, 'invariants'>, protocol: Protocol<ZabMessage> = zab) {
    const leaders = new Map<number, NodeId>();
    super(protocol, { ...options, invariants: zabInvariants(leaders) });
    this.leaders = leaders;
  }

  elect(msMax?: number): NodeId {
    this.runUntil('an established leader', () => this.leader() !== undefined, msMax);
    return this.leader() as NodeId;
  }
}
