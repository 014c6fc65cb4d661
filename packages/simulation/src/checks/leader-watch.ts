import type { Envelope, Input, Output, Protocol, Write } from '@varve/consensus';
import type { InstanceId, NodeId } from '@varve/encoding';
import { type StartedEngine, stepping } from '../world/stepping.ts';
import { acknowledgementIn, type CrashMessage } from './acknowledgement.ts';
import { LeaderRun } from './leader-run.ts';
import type { LogModel } from './log-model.ts';
import type { Stand } from './store-model.ts';
import type { Report, WatchParts } from './violation.ts';

/** What the messages and records of a protocol mean, whose replicas promise themselves to epochs. */
export interface Wording<M extends CrashMessage> {
  standIn(hardState: Uint8Array): Stand;
  /** The epoch in which the sender of that takes part, and so in no earlier one; it must be durable first. */
  promisedIn(message: M): number | undefined;
  /** The epoch of a leader whose entries that brings. */
  sentIn(message: M): number | undefined;
  /** Whoever says that has the leader's history as a whole: from then on its acknowledgements count. */
  isJoining(message: M): boolean;
  /** A leader asks with that number whether it still leads. */
  askedIn(message: M): number | undefined;
  /** A follower answers, in an epoch. */
  confirmedIn(message: M): { readonly epoch: number; readonly round: number } | undefined;
}

/** The beginning of an epoch. */
export interface Begun {
  readonly leader: NodeId;
  readonly run: object;
  /** What its leader began with. */
  readonly log: LogModel;
}

/** What all replicas of an instance did. */
export interface Instance {
  /** The highest that was durable at each node. */
  readonly stands: Map<NodeId, Stand>;
  readonly begun: Map<number, Begun>;
  /** By the epoch whose leader counted: the last entry that it committed. */
  readonly committed: Map<number, { readonly index: number; readonly epoch: number }>;
  /** The highest index that any leader committed. */
  highest: number;
  /** By epoch and index: the payload that was proposed there. */
  readonly proposed: Map<string, string>;
}

/** What looks at a run beside the watch. */
export interface Companion<M> {
  /** Before the engine hears it. */
  heard(envelope: Envelope<M>): void;
  /** After the step: what it said, and which epoch the replica began in it. */
  said(output: Output<M>, begun: number | undefined): void;
}

/**
 * Looks at every replica of a protocol in which leaders of rising epochs take over the log of a quorum. It holds what
 * such protocols promise in common: see `docs/simulation.md`. What is only the one's is looked at by a companion.
 */
export class LeaderWatch<M extends CrashMessage> {
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #wording: Wording<M>;
  readonly #parts: WatchParts;
  readonly #report: Report;

  constructor(wording: Wording<M>, parts: WatchParts) {
    this.#wording = wording;
    this.#parts = parts;
    this.#report = parts.report;
  }

  /** `protocol` with engines that are watched. */
  watched(
    protocol: Protocol<unknown>,
    companionOf: (run: LeaderRun<M>, started: StartedEngine) => Companion<M>,
  ): Protocol<unknown> {
    return stepping(protocol, (started) => {
      const { engine, first, options, recovered, configuration } = started;
      const instance = this.#instance(options.instance);
      const voters = configuration.validators.length;
      const run = new LeaderRun(options.self, voters, recovered, this.#wording, instance, this.#parts);
      const companion = companionOf(run, started);
      this.#said(instance, run, companion, first as Output<M>);
      return (input, now) => {
        const told = input as Input<M>;
        run.told(told);
        if (told.kind === 'message') companion.heard(told.envelope);
        const output = engine.step(input, now) as Output<M>;
        if (told.kind === 'propose') this.#proposed(instance, options.self, output.write);
        // What is cut off must not have been committed before; what replaces it may be, in the same step.
        this.#said(instance, run, companion, output);
        this.#committed(instance, run, told, output);
        run.answered(told, output);
        return output;
      };
    });
  }

  #instance(id: InstanceId): Instance {
    const none = { stands: new Map(), begun: new Map(), committed: new Map(), highest: 0, proposed: new Map() };
    const known = this.#instances.get(id) ?? none;
    this.#instances.set(id, known);
    return known;
  }

  #said(instance: Instance, run: LeaderRun<M>, companion: Companion<M>, output: Output<M>): void {
    const begun = run.said(output);
    if (begun !== undefined) this.#begun(instance, run, begun);
    companion.said(output, begun);
  }

  #proposed({ proposed }: Instance, self: NodeId, write: Write<M> | undefined): void {
    for (const { index, epoch, payload } of write?.append ?? []) {
      const place = `${epoch.number} ${index}`;
      const known = proposed.get(place);
      const id = payload?.id ?? 'nothing';
      proposed.set(place, id);
      if (known === undefined || known === id) continue;
      this.#report('one proposal in a place', `${self} proposes at ${index} in epoch ${epoch.number} once more`);
    }
  }

  #begun(instance: Instance, run: LeaderRun<M>, epoch: number): void {
    const before = instance.begun.get(epoch);
    if (before) {
      const text = before.leader === run.self ? `${run.self} begins twice` : `${before.leader} and ${run.self} begin`;
      this.#report('an epoch begins once', `${text} in epoch ${epoch}`);
    }
    const begun = { leader: run.self, run, log: run.store.log.copy() };
    instance.begun.set(epoch, begun);
    for (const [earlier, entry] of instance.committed) this.#compare(epoch, begun, earlier, entry);
  }

  #committed(instance: Instance, run: LeaderRun<M>, input: Input<M>, { commit }: Output<M>): void {
    const last = commit.at(-1);
    if (last === undefined) return;
    run.delivered(commit);
    const said = input.kind === 'message' ? acknowledgementIn(input.envelope.message) : undefined;
    if (said === undefined) {
      if (last.index <= instance.highest) return;
      this.#report('committed is what a leader committed', `${run.self} commits ${last.index}, no leader did`);
      return;
    }
    run.counted(last.index, said.epoch);
    instance.highest = Math.max(instance.highest, last.index);
    const entry = { index: last.index, epoch: last.epoch.number };
    instance.committed.set(said.epoch, entry);
    for (const [later, begun] of instance.begun) this.#compare(later, begun, said.epoch, entry);
  }

  /** The leader of a later epoch began with what an earlier one committed. */
  #compare(later: number, begun: Begun, earlier: number, { index, epoch }: { index: number; epoch: number }): void {
    if (later <= earlier || begun.log.holds(index, epoch)) return;
    const text = `${begun.leader} began epoch ${later} without index ${index} of epoch ${epoch}`;
    this.#report('a leader begins with what is committed', `${text}, which epoch ${earlier} committed`);
  }
}
