import type { EngineOptions, Entry, Envelope, Input, Output, Payload, Slot, Status, Write } from '@varve/consensus';
import { configurationOf, emptyStore, optionsOf, recoveredOf, type Store } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { type RaftMessage, raft } from '../src/index.ts';

type Engine = ReturnType<typeof raft.create>['engine'];

/** Everything said in an output or released by a disk, without the envelope's noise. */
export type Said = { readonly to: NodeId } & RaftMessage;

/** One engine under a test's full control: nothing becomes durable, arrives or times out by itself. */
export class Replica {
  now = 1000;
  readonly engine: Engine;
  readonly self: NodeId;
  writes: Write<RaftMessage>[] = [];
  last: Output<RaftMessage>;
  committed: Entry[] = [];

  constructor(self: NodeId, n: number, store: Partial<Store> = {}, options: Partial<EngineOptions> = {}) {
    this.self = self;
    const recovered = recoveredOf({ ...emptyStore(), ...store });
    const { engine, first } = raft.create(configurationOf('raft', n), recovered, optionsOf(self, 1, options), this.now);
    this.engine = engine;
    this.last = this.#take(first);
  }

  #take(output: Output<RaftMessage>): Output<RaftMessage> {
    if (output.write) this.writes.push(output.write);
    this.committed.push(...output.commit);
    this.last = output;
    return output;
  }

  step(input: Input<RaftMessage>): Output<RaftMessage> {
    return this.#take(this.engine.step(input, this.now));
  }

  receive(from: NodeId, message: RaftMessage): Output<RaftMessage> {
    return this.step({ kind: 'message', envelope: { from, to: this.self, message } });
  }

  propose(slot: Slot, payload: Payload): Output<RaftMessage> {
    return this.step({ kind: 'propose', slot, payload });
  }

  /** Advances to the next deadline and ticks. */
  wake(): Output<RaftMessage> {
    this.now = Math.max(this.now, this.last.wakeAt ?? this.now);
    const output = this.step({ kind: 'tick' });
    if ((output.wakeAt ?? Number.POSITIVE_INFINITY) <= this.now) throw new Error('a busy tick');
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
  persist(count = Number.POSITIVE_INFINITY): readonly Said[] {
    const said: Said[] = [];
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

  /** Wins an election in the next term with `voters`. Its no-op is committed when `voters` acknowledge it. */
  lead(voters: readonly NodeId[], acknowledge = true): this {
    this.wake();
    this.persist();
    for (const voter of voters) this.receive(voter, { kind: 'preVoteResponse', term: this.term + 1, granted: true });
    this.persist();
    for (const voter of voters) this.receive(voter, { kind: 'voteResponse', term: this.term, granted: true, voter });
    this.persist();
    if (acknowledge) this.acknowledge(voters);
    return this;
  }

  acknowledge(voters: readonly NodeId[], matchIndex: number = this.status.lastIndex): Output<RaftMessage> {
    for (const voter of voters) this.receive(voter, { kind: 'appendAccepted', term: this.term, matchIndex, voter });
    return this.last;
  }

  get status(): Status {
    return this.engine.status();
  }

  get term(): number {
    return this.status.epoch.number;
  }
}

export function saidIn(output: Output<RaftMessage>): readonly Said[] {
  return output.send.map(({ to, message }: Envelope<RaftMessage>) => ({ to, ...message }));
}
