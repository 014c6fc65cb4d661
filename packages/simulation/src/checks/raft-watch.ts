import type { Input, Output, Protocol } from '@varve/consensus';
import type { InstanceId, NodeId } from '@varve/encoding';
import type { RaftMessage } from '@varve/raft';
import { stepping } from '../world/stepping.ts';
import type { Report, WatchParts } from './violation.ts';

/** What all replicas of an instance did. */
interface Instance {
  /** `term voter` → whom that voter gave its vote. */
  readonly votes: Map<string, NodeId>;
  /** Term → the leader's last index when it was elected. */
  readonly elected: Map<number, number>;
  /** Term → the highest index that its leader committed. */
  readonly committed: Map<number, number>;
}

/** How far one replica is, in one run, as a leader that answers reads. */
interface Reading {
  /** Of the first entry of its newest leadership. */
  firstIndex: number;
  commitIndex: number;
}

/**
 * Looks at every Raft engine for what the paper promises (figure 3, §5.4 and §8): a voter votes for one candidate in a
 * term, a leader has all that was committed in earlier terms, commits by counting only entries of its own term, and answers
 * no read before it has committed one.
 */
export class RaftWatch {
  readonly #instances = new Map<InstanceId, Instance>();
  readonly #isForgetful: (name: string) => boolean;
  readonly #report: Report;

  constructor({ isForgetful, report }: WatchParts) {
    this.#isForgetful = isForgetful;
    this.#report = report;
  }

  /** `protocol`, which is Raft, with engines that are watched. */
  watched(protocol: Protocol<unknown>): Protocol<unknown> {
    return stepping(protocol, ({ engine, options }) => {
      const instance = this.#instance(options.instance);
      const reading: Reading = { firstIndex: 0, commitIndex: 0 };
      return (input, time) => {
        const output = engine.step(input, time);
        this.#checkReads(reading, options.self, input as Input<RaftMessage>, output as Output<RaftMessage>);
        this.#check(instance, options.self, input as Input<RaftMessage>, output as Output<RaftMessage>);
        return output;
      };
    });
  }

  #instance(id: InstanceId): Instance {
    const known = this.#instances.get(id) ?? { votes: new Map(), elected: new Map(), committed: new Map() };
    this.#instances.set(id, known);
    return known;
  }

  #check(instance: Instance, self: NodeId, input: Input<RaftMessage>, output: Output<RaftMessage>): void {
    if (input.kind === 'message') this.#heard(instance, self, input.envelope.message);
    const first = output.write?.append[0];
    if (first && first.epoch.node === self && !instance.elected.has(first.epoch.number)) {
      this.#elected(instance, first.epoch.number, first.index - 1);
    }
    const last = output.commit.at(-1);
    if (last === undefined || input.kind !== 'message') return;
    const { message } = input.envelope;
    if (message.kind !== 'appendAccepted') return;
    if (last.epoch.number !== message.term) {
      const text = `${self} commits index ${last.index} of term ${last.epoch.number} in term ${message.term}`;
      this.#report('a leader counts its own term', text);
    }
    this.#committed(instance, message.term, last.index);
  }

  /** Until its first entry is committed a leader does not know what earlier terms committed (§8). */
  #checkReads(reading: Reading, self: NodeId, input: Input<RaftMessage>, output: Output<RaftMessage>): void {
    const first = output.write?.append[0];
    if (first && first.payload === undefined && first.epoch.node === self) reading.firstIndex = first.index;
    reading.commitIndex = output.commit.at(-1)?.index ?? reading.commitIndex;
    if (reading.commitIndex >= reading.firstIndex) return;
    const isAnswer = input.kind === 'message' && input.envelope.message.kind === 'readResponse';
    const answersOwn = !isAnswer && output.reads.some(({ ok }) => ok);
    const answersOthers = output.send.some(({ message }) => message.kind === 'readResponse' && message.ok);
    if (!answersOwn && !answersOthers) return;
    const text = `${self} answers at ${reading.commitIndex}, and its first entry has index ${reading.firstIndex}`;
    this.#report('a leader reads what its own term committed', text);
  }

  /** A vote arrives at its candidate, and counts there. */
  #heard({ votes }: Instance, candidate: NodeId, message: RaftMessage): void {
    if (message.kind !== 'voteResponse' || !message.granted || this.#isForgetful(message.voter)) return;
    const place = `${message.term} ${message.voter}`;
    const known = votes.get(place);
    votes.set(place, candidate);
    if (known !== undefined && known !== candidate) {
      this.#report(
        'one vote in a term',
        `${message.voter} votes for ${known} and ${candidate} in term ${message.term}`,
      );
    }
  }

  #elected({ elected, committed }: Instance, term: number, lastIndex: number): void {
    elected.set(term, lastIndex);
    for (const [earlier, index] of committed) {
      if (earlier < term && index > lastIndex) this.#incomplete(term, lastIndex, earlier, index);
    }
  }

  #committed({ elected, committed }: Instance, term: number, index: number): void {
    committed.set(term, Math.max(committed.get(term) ?? 0, index));
    for (const [later, lastIndex] of elected) {
      if (later > term && index > lastIndex) this.#incomplete(later, lastIndex, term, index);
    }
  }

  #incomplete(later: number, lastIndex: number, term: number, index: number): void {
    const text = `the leader of term ${later} began with ${lastIndex} entries, and term ${term} committed ${index}`;
    this.#report('a leader has what is committed', text);
  }
}
