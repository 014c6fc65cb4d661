import type { Protocol } from '@varve/consensus';
import { ClaimWatch } from './claim-watch.ts';
import { EngineWatch } from './engine-watch.ts';
import { LogWatch } from './log-watch.ts';
import { PaxosWatch } from './paxos-watch.ts';
import { RaftWatch } from './raft-watch.ts';
import type { WatchParts } from './violation.ts';
import { ZabWatch } from './zab-watch.ts';

/** Everything that looks at engines and remembers, but for what validators sign. */
export class Watches {
  readonly #engine: EngineWatch;
  readonly #claims: ClaimWatch;
  readonly #logs: LogWatch;
  readonly #raft: RaftWatch;
  readonly #paxos: PaxosWatch;
  readonly #zab: ZabWatch;

  constructor(parts: WatchParts) {
    this.#engine = new EngineWatch(parts.report);
    this.#claims = new ClaimWatch(parts);
    this.#logs = new LogWatch(parts);
    this.#raft = new RaftWatch(parts);
    this.#paxos = new PaxosWatch(parts);
    this.#zab = new ZabWatch(parts);
  }

  /** `engine` with everything that looks at its kind. */
  watched(engine: Protocol<unknown>): Protocol<unknown> {
    const watched = this.#engine.watched(engine);
    if (engine.faultModel === 'byzantine') return watched;
    const logged = this.#logs.watched(this.#claims.watched(watched));
    switch (engine.name) {
      case 'raft':
        return this.#raft.watched(logged);
      case 'paxos':
        return this.#paxos.watched(logged);
      case 'zab':
        return this.#zab.watched(logged);
      default:
        return logged;
    }
  }
}
