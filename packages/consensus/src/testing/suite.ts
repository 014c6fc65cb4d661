import type { NodeId } from '@varve/encoding';
import type { EngineTiming, Protocol } from '../contract.ts';
import { ENGINE_TIMING_DEFAULT } from '../contract.ts';
import { type ClusterOptions, EngineCluster } from './cluster.ts';
import type { Invariants } from './ensemble.ts';
import { violated } from './violation.ts';

/** One test of the suite: it throws when a promise is broken. */
export interface Case {
  readonly name: string;
  run(): void;
}

export interface ConformanceOptions<M> {
  /** Promises of the protocol beyond the contract's, anew for each cluster. */
  readonly invariants?: () => Invariants<M>;
  /** Random schedules. */
  readonly seeds?: number;
  /** Virtual milliseconds within which faults that ended must be overcome. */
  readonly progressMsMax?: number;
  /** Virtual milliseconds within which hundreds of payloads are ordered while a node is down. */
  readonly bulkMsMax?: number;
  /** Virtual milliseconds within which a read is answered, one way or the other. */
  readonly readMsMax?: number;
}

/** What the cases of one protocol share. */
export class Suite<M> {
  readonly protocol: Protocol<M>;
  /** The fewest nodes that tolerate a fault. */
  readonly n: number;
  readonly timing: EngineTiming = ENGINE_TIMING_DEFAULT;
  readonly seeds: number;
  readonly progressMsMax: number;
  readonly bulkMsMax: number;
  readonly readMsMax: number;
  readonly #invariants: (() => Invariants<M>) | undefined;

  constructor(protocol: Protocol<M>, options: ConformanceOptions<M>) {
    this.protocol = protocol;
    this.n = protocol.faultModel === 'crash' ? 3 : 4;
    this.seeds = options.seeds ?? 120;
    this.progressMsMax = options.progressMsMax ?? 10_000;
    this.bulkMsMax = options.bulkMsMax ?? 60_000;
    this.readMsMax = options.readMsMax ?? 2 * this.timing.electionMs;
    this.#invariants = options.invariants;
  }

  /** Nodes that are started and have ordered something. */
  running(seed: string, options: Partial<ClusterOptions<M>> = {}): EngineCluster<M> {
    return this.cluster(seed, options).start().progress(1, this.progressMsMax);
  }

  cluster(seed: string, options: Partial<ClusterOptions<M>> = {}): EngineCluster<M> {
    const invariants = this.#invariants?.();
    return new EngineCluster(this.protocol, { n: this.n, seed, ...(invariants ? { invariants } : {}), ...options });
  }

  /** All faults end: the cluster orders again, every proposal and every read has come to its end. */
  finish(cluster: EngineCluster<M>): void {
    cluster.recover().progress(1, this.progressMsMax).withdraw().run(this.readMsMax);
    const until = cluster.now + this.progressMsMax;
    const hosts = [...cluster.hosts.values()];
    while (cluster.now < until && hosts.some((host) => host.inFlight.size > 0)) cluster.run(10);
    for (const host of hosts) {
      host.checkSettled();
      const open = cluster.history.openReads(host.id);
      if (open.length > 0) violated(`${host.id} never answered the reads ${open}`);
    }
    cluster.check();
  }
}

/** The node that an input for a leader is best given to: the leader, or the first that runs. */
export function leading<M>(cluster: EngineCluster<M>): NodeId {
  return cluster.leader() ?? cluster.live()[0] ?? violated('nobody runs');
}
