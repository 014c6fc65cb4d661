import type { NodeId } from '@varve/encoding';
import type {
  Engine,
  EngineOptions,
  Entry,
  Input,
  Output,
  Payload,
  Protocol,
  Slot,
  Status,
  Write,
} from '../contract.ts';
import { configurationOf, optionsOf } from './fixtures.ts';
import { emptyStore, recoveredOf, type Store } from './store.ts';
import { violated } from './violation.ts';

/** Everything said in an output or released by a disk, without the envelope's noise. */
export type SaidBy<M> = { readonly to: NodeId } & M;

/** One engine under a test's full control: nothing becomes durable, arrives or times out by itself. */
export class SoloReplica<M> {
  now = 1000;
  readonly engine: Engine<M>;
  readonly self: NodeId;
  writes: Write<M>[] = [];
  last: Output<M>;
  committed: Entry[] = [];

  constructor(
    protocol: Protocol<M>,
    self: NodeId,
    n: number,
    store: Partial<Store> = {},
    options: Partial<EngineOptions> = {},
  ) {
    this.self = self;
    const recovered = recoveredOf({ ...emptyStore(), ...store });
    const configuration = configurationOf(protocol.name, n);
    const { engine, first } = protocol.create(configuration, recovered, optionsOf(self, 1, options), this.now);
    this.engine = engine;
    this.last = this.#take(first);
  }

  #take(output: Output<M>): Output<M> {
    if (output.write) this.writes.push(output.write);
    this.committed.push(...output.commit);
    this.last = output;
    return output;
  }

  step(input: Input<M>): Output<M> {
    return this.#take(this.engine.step(input, this.now));
  }

  receive(from: NodeId, message: M): Output<M> {
    return this.step({ kind: 'message', envelope: { from, to: this.self, message } });
  }

  propose(slot: Slot, payload: Payload): Output<M> {
    return this.step({ kind: 'propose', slot, payload });
  }

  /** Advances to the next deadline and ticks. */
  wake(): Output<M> {
    this.now = Math.max(this.now, this.last.wakeAt ?? this.now);
    const output = this.step({ kind: 'tick' });
    if ((output.wakeAt ?? Number.POSITIVE_INFINITY) <= this.now) violated('a busy tick');
    return output;
  }

  /** Ticks at the deadlines within the next `ms`. */
  pass(ms: number): void {
    const until = this.now + ms;
    while ((this.last.wakeAt ?? until) < until) this.wake();
    this.now = until;
    this.step({ kind: 'tick' });
  }

  /** The disk finishes `count` writes, or all and what follows from them; what they released to others is returned. */
  persist(count: number = Number.POSITIVE_INFINITY): readonly SaidBy<M>[] {
    const said: SaidBy<M>[] = [];
    for (let done = 0; done < count; done++) {
      const write = this.writes.shift();
      if (!write) break;
      said.push(...saidIn(this.step({ kind: 'persisted', sequence: write.sequence })));
      for (const envelope of write.then) {
        if (envelope.to === this.self) said.push(...saidIn(this.step({ kind: 'message', envelope })));
        else said.push({ to: envelope.to, ...envelope.message });
      }
    }
    return said;
  }

  get status(): Status {
    return this.engine.status();
  }
}

/** What leaves at once. */
export function saidIn<M>(output: Output<M>): readonly SaidBy<M>[] {
  return output.send.map(({ to, message }) => ({ to, ...message }));
}
