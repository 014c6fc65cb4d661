import type { EngineOptions, Entry, Envelope, Input, Output, Payload, Slot, Status, Write } from '@varve/consensus';
import { configurationOf, emptyStore, optionsOf, recoveredOf, type Store } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from '../src/ballot.ts';
import { type PaxosMessage, paxos } from '../src/index.ts';
import type { Promised } from '../src/message.ts';

type Engine = ReturnType<typeof paxos.create>['engine'];

/** Everything said in an output or released by a disk, without the envelope's noise. */
export type Said = { readonly to: NodeId } & PaxosMessage;

/** A voter whose log is empty. */
export const NOTHING = { acceptedRound: BALLOT_ZERO, lastIndex: 0, decided: 0, prevIndex: 0, entries: [] } as const;

/** One engine under a test's full control: nothing becomes durable, arrives or times out by itself. */
export class Replica {
  now = 1000;
  readonly engine: Engine;
  readonly self: NodeId;
  writes: Write<PaxosMessage>[] = [];
  last: Output<PaxosMessage>;
  committed: Entry[] = [];
  #round = 0;

  constructor(self: NodeId, n: number, store: Partial<Store> = {}, options: Partial<EngineOptions> = {}) {
    this.self = self;
    const recovered = recoveredOf({ ...emptyStore(), ...store });
    const made = paxos.create(configurationOf('paxos', n), recovered, optionsOf(self, 1, options), this.now);
    this.engine = made.engine;
    this.last = this.#take(made.first);
  }

  #take(output: Output<PaxosMessage>): Output<PaxosMessage> {
    if (output.write) this.writes.push(output.write);
    for (const { message } of output.send) if (message.kind === 'heartbeatRequest') this.#round = message.round;
    this.committed.push(...output.commit);
    this.last = output;
    return output;
  }

  step(input: Input<PaxosMessage>): Output<PaxosMessage> {
    return this.#take(this.engine.step(input, this.now));
  }

  receive(from: NodeId, message: PaxosMessage): Output<PaxosMessage> {
    return this.step({ kind: 'message', envelope: { from, to: this.self, message } });
  }

  propose(slot: Slot, payload: Payload): Output<PaxosMessage> {
    return this.step({ kind: 'propose', slot, payload });
  }

  /** The next deadline passes. */
  wake(): Output<PaxosMessage> {
    this.now = Math.max(this.now, this.last.wakeAt ?? this.now);
    const output = this.step({ kind: 'tick' });
    if ((output.wakeAt ?? Number.POSITIVE_INFINITY) <= this.now) throw new Error('a busy tick');
    return output;
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

  /** `peers` answer in this round that they are unhappy, and follow nobody. */
  hearUnhappy(peers: readonly NodeId[], ballot: Ballot = BALLOT_ZERO): void {
    for (const id of peers) this.receive(id, { kind: 'heartbeatReply', ballot, round: this.#round, happy: false });
  }

  /** The leader of `ballot` answers that it has a quorum. */
  hearHappy(ballot: Ballot): void {
    this.receive(ballot.node as NodeId, { kind: 'heartbeatReply', ballot, round: this.#round, happy: true });
  }

  /** Time passes until the node's round ends. */
  endRound(): this {
    const before = this.#round;
    while (this.#round === before) this.wake();
    return this;
  }

  /** Takes a ballot: two rounds in which nobody has a leader. */
  campaign(): this {
    const { peers } = this.status;
    for (let rounds = 0; this.status.role !== 'candidate'; rounds++) {
      if (rounds === 3) throw new Error('it takes no ballot');
      this.hearUnhappy(peers.map(({ id }) => id));
      this.endRound();
    }
    return this;
  }

  /** Takes a ballot, and gets the promises of `voters`, whose logs are empty. */
  lead(voters: readonly NodeId[]): this {
    this.campaign().persist();
    for (const voter of voters) this.promise(voter);
    this.persist();
    return this;
  }

  /** `voter` promises the own ballot. */
  promise(voter: NodeId, claim: Partial<Promised> = {}): Output<PaxosMessage> {
    return this.receive(voter, { kind: 'promise', ballot: this.ballot, voter, ...NOTHING, ...claim });
  }

  accepted(voters: readonly NodeId[], lastIndex: number = this.status.lastIndex): Output<PaxosMessage> {
    for (const voter of voters) this.receive(voter, { kind: 'accepted', ballot: this.ballot, lastIndex, voter });
    return this.last;
  }

  get status(): Status {
    return this.engine.status();
  }

  get ballot(): Ballot {
    return this.status.epoch;
  }
}

export function saidIn(output: Output<PaxosMessage>): readonly Said[] {
  return output.send.map(({ to, message }: Envelope<PaxosMessage>) => ({ to, ...message }));
}
