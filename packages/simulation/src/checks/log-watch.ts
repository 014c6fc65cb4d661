import type { Anchor, Input, Output, Protocol, Recovered, Write } from '@varve/consensus';
import type { InstanceId, NodeId } from '@varve/encoding';
import type { RaftMessage } from '@varve/raft';
import { stepping } from '../world/stepping.ts';
import type { Report, WatchParts } from './violation.ts';

/** The terms of a replica's entries, as its writes made them. */
class LogModel {
  readonly #terms = new Map<number, number>();
  /** What is below is certified, and the same everywhere. */
  #anchor: number;
  #lastIndex: number;

  constructor({ anchor, log }: Recovered) {
    this.#anchor = anchor.index;
    this.#lastIndex = anchor.index;
    this.apply({ append: log });
  }

  apply({ truncateFrom, append, anchor }: Pick<Write<unknown>, 'truncateFrom' | 'append' | 'anchor'>): void {
    for (let at = truncateFrom ?? Number.POSITIVE_INFINITY; at <= this.#lastIndex; at++) this.#terms.delete(at);
    if (truncateFrom !== undefined) this.#lastIndex = Math.min(this.#lastIndex, truncateFrom - 1);
    for (const { index, epoch } of append) {
      this.#terms.set(index, epoch.number);
      this.#lastIndex = index;
    }
    if (anchor === undefined) return;
    for (let at = this.#anchor; at <= anchor.index; at++) this.#terms.delete(at);
    this.#anchor = anchor.index;
    this.#lastIndex = Math.max(this.#lastIndex, anchor.index);
  }

  /** `certified` up to the anchor, where nothing can differ; `undefined` beyond the end. */
  termAt(index: number): number | 'certified' | undefined {
    return index <= this.#anchor ? 'certified' : this.#terms.get(index);
  }
}

/**
 * Follows the log of every replica of a crash engine through its writes: it holds what the ledger stands on. Of Raft it
 * also compares what an acknowledgement means with what is there: whoever acknowledges index *m* in a term holds at *m*
 * what the leader of that term holds (Log Matching, §5.3 of the paper). A commit that rests on a wrong one may come much
 * later, or never.
 */
export class LogWatch {
  /** By instance, term, voter and index: the term of the entry that was acknowledged. */
  readonly #acknowledged = new Map<string, number>();
  readonly #isForgetful: (name: string) => boolean;
  readonly #report: Report;

  constructor({ isForgetful, report }: WatchParts) {
    this.#isForgetful = isForgetful;
    this.#report = report;
  }

  /** `protocol`, which tolerates crashes, with engines that are watched. */
  watched(protocol: Protocol<unknown>): Protocol<unknown> {
    return stepping(protocol, ({ engine, recovered, first, options: { instance, self } }) => {
      const log = new LogModel(recovered);
      this.#written(instance, log, first as Output<RaftMessage>);
      this.#standing(self, log, recovered.ledger);
      return (input, now) => {
        const told = input as Input<RaftMessage>;
        const isLeading = told.kind === 'message' && told.envelope.message.kind === 'appendAccepted';
        const status = isLeading ? engine.status() : undefined;
        if (status?.role === 'leader') this.#compare(instance, self, status.epoch.number, log, told);
        const output = engine.step(input, now);
        this.#written(instance, log, output as Output<RaftMessage>);
        if (told.kind === 'synced') this.#standing(self, log, told.anchor);
        return output;
      };
    });
  }

  #written(instance: InstanceId, log: LogModel, { write }: Output<RaftMessage>): void {
    if (write === undefined) return;
    log.apply(write);
    for (const { message } of write.then) {
      if (message.kind !== 'appendAccepted') continue;
      const term = log.termAt(message.matchIndex);
      const key = keyOf(instance, message.term, message.voter, message.matchIndex);
      if (term === 'certified') this.#acknowledged.delete(key);
      else this.#acknowledged.set(key, term ?? -1);
    }
  }

  /** The ledger stands on `anchor`: the log holds that, or starts there anew. */
  #standing(self: NodeId, log: LogModel, { index, epoch }: Anchor): void {
    const held = log.termAt(index);
    if (held === 'certified' || held === epoch.number) return;
    const text = `${self} holds ${held === undefined ? 'nothing' : `an entry of term ${held}`} at ${index}`;
    this.#report(
      'the log holds what the ledger stands on',
      `${text}, where the ledger has one of term ${epoch.number}`,
    );
  }

  /** An acknowledgement reaches the leader of its term. */
  #compare(instance: InstanceId, leader: NodeId, term: number, log: LogModel, input: Input<RaftMessage>): void {
    if (input.kind !== 'message' || input.envelope.message.kind !== 'appendAccepted') return;
    const { message } = input.envelope;
    const theirs = this.#acknowledged.get(keyOf(instance, message.term, message.voter, message.matchIndex));
    const own = log.termAt(message.matchIndex);
    if (message.term !== term || theirs === undefined || own === 'certified' || own === theirs) return;
    if (this.#isForgetful(message.voter)) return;
    const place = `index ${message.matchIndex} in term ${term}`;
    const held = theirs < 0 ? 'holds nothing there' : `holds an entry of term ${theirs} there`;
    const wanted = own === undefined ? 'nothing' : `one of term ${own}`;
    this.#report(
      'the leader has what is acknowledged',
      `${message.voter} acknowledges ${place} and ${held}; the leader ${leader} holds ${wanted}`,
    );
  }
}

function keyOf(instance: InstanceId, term: number, voter: NodeId, index: number): string {
  return `${instance} ${term} ${voter} ${index}`;
}
