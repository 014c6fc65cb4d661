import type { Engine, EngineOptions, Entry, Output, Protocol, Recovered } from '@varve/consensus';
import { stepping } from '../world/stepping.ts';
import type { Report } from './violation.ts';

interface Instance {
  /** Index → what was committed there. */
  readonly committed: Map<number, string>;
  /** Epoch number, of byzantine engines with its index → who was asked to build in it. */
  readonly leaders: Map<string, string>;
}

/** Looks at every output of every engine for what no protocol may do. */
export class EngineWatch {
  readonly #instances = new Map<string, Instance>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** `protocol` with engines that are watched. */
  watched(protocol: Protocol<unknown>): Protocol<unknown> {
    return stepping(protocol, ({ engine, first, options, recovered }) => {
      const instance = this.#instance(options);
      const watch = new OneEngine(instance, options, standOf(recovered), leadsOne(protocol), this.#report);
      watch.check(first);
      return watch.stepOf(engine);
    });
  }

  #instance({ instance }: EngineOptions): Instance {
    const known = this.#instances.get(instance) ?? { committed: new Map(), leaders: new Map() };
    this.#instances.set(instance, known);
    return known;
  }
}

/** One run of one replica. */
class OneEngine {
  readonly #instance: Instance;
  readonly #self: string;
  readonly #leadsOne: boolean;
  readonly #report: Report;
  /** The last index committed. */
  #index: number;
  #isBeginning = true;
  #sequence = 0;

  /** @param leadsOne - A leader leads one index and not its whole epoch. */
  constructor(instance: Instance, { self }: EngineOptions, index: number, leadsOne: boolean, report: Report) {
    this.#instance = instance;
    this.#self = self;
    this.#index = index;
    this.#leadsOne = leadsOne;
    this.#report = report;
  }

  stepOf(engine: Engine<unknown>): Engine<unknown>['step'] {
    return (input, now) => {
      if (input.kind === 'synced') this.#index = Math.max(this.#index, input.anchor.index);
      const output = engine.step(input, now);
      this.check(output);
      return output;
    };
  }

  check(output: Output<unknown>): void {
    for (const entry of output.commit) this.#committed(entry);
    if (output.build) {
      const { index, epoch } = output.build;
      const place = this.#leadsOne ? `${epoch.number} of index ${index}` : `${epoch.number}`;
      const leader = this.#instance.leaders.get(place);
      if (leader !== undefined && leader !== this.#self) {
        this.#report('one leader per epoch', `${leader} and ${this.#self} both build in epoch ${place}`);
      }
      this.#instance.leaders.set(place, this.#self);
    }
    if (output.write) {
      if (output.write.sequence !== this.#sequence + 1) {
        this.#report('writes in sequence', `${this.#self} writes ${output.write.sequence} after ${this.#sequence}`);
      }
      this.#sequence = output.write.sequence;
    }
  }

  #committed(entry: Entry): void {
    const { committed } = this.#instance;
    const told = `${entry.epoch.number}/${entry.epoch.node}/${entry.payload?.id ?? 'no-op'}`;
    const known = committed.get(entry.index);
    if (known !== undefined && known !== told) {
      this.#report('one entry per index', `${this.#self} commits ${told} at ${entry.index}, others ${known}`);
    }
    // A run may begin with what is executed already, as far as that was committed before.
    const isRepeated = this.#isBeginning && entry.index <= this.#index && known !== undefined;
    if (entry.index !== this.#index + 1 && !isRepeated) {
      this.#report('commits in order', `${this.#self} commits ${entry.index} after ${this.#index}`);
    }
    committed.set(entry.index, told);
    this.#index = entry.index;
    this.#isBeginning = false;
  }
}

/** Rounds of Tendermint begin anew at each index; terms, ballots and epochs are of the whole log. */
function leadsOne({ faultModel }: Protocol<unknown>): boolean {
  return faultModel === 'byzantine';
}

/** Up to where everything is executed when a run begins. */
function standOf({ ledger, applied }: Recovered): number {
  return Math.max(ledger.index, applied);
}
