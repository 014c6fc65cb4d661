import type { Anchor, Input, Output, Protocol } from '@varve/consensus';
import type { InstanceId, NodeId } from '@varve/encoding';
import { stepping } from '../world/stepping.ts';
import { type Acknowledgement, acknowledgementIn, type CrashMessage } from './acknowledgement.ts';
import { LogModel } from './log-model.ts';
import type { Report, WatchParts } from './violation.ts';

/**
 * Follows the log of every replica of a crash engine through its writes: it holds what the ledger stands on. It also
 * compares what an acknowledgement means with what is there: whoever acknowledges index *m* in an epoch holds at *m* what
 * the leader of that epoch holds (of Raft: Log Matching, §5.3 of the paper; an entry of one epoch has one place in one
 * history, so all before it is equal too). A commit that rests on a wrong one may come much later, or never.
 */
export class LogWatch {
  /** By instance, epoch, voter and index: the epoch of the entry that was acknowledged. */
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
      this.#written(instance, log, first as Output<CrashMessage>);
      this.#standing(self, log, recovered.ledger);
      return (input, now) => {
        const told = input as Input<CrashMessage>;
        const heard = told.kind === 'message' ? acknowledgementIn(told.envelope.message) : undefined;
        const status = heard && engine.status();
        const isLeading = status?.leader === self && status.epoch.number === heard?.epoch;
        if (heard && isLeading) this.#compare(instance, self, log, heard);
        const output = engine.step(input, now);
        this.#written(instance, log, output as Output<CrashMessage>);
        if (told.kind === 'synced') this.#standing(self, log, told.anchor);
        return output;
      };
    });
  }

  #written(instance: InstanceId, log: LogModel, { write }: Output<CrashMessage>): void {
    if (write === undefined) return;
    log.apply(write);
    for (const { message } of write.then) {
      const said = acknowledgementIn(message);
      if (said === undefined) continue;
      const epoch = log.epochAt(said.index);
      if (epoch === 'certified') this.#acknowledged.delete(keyOf(instance, said));
      else this.#acknowledged.set(keyOf(instance, said), epoch ?? -1);
    }
  }

  /** The ledger stands on `anchor`: the log holds that, or starts there anew. */
  #standing(self: NodeId, log: LogModel, { index, epoch }: Anchor): void {
    if (log.holds(index, epoch.number)) return;
    const held = log.epochAt(index);
    const text = `${self} holds ${held === undefined ? 'nothing' : `an entry of epoch ${held}`} at ${index}`;
    this.#report(
      'the log holds what the ledger stands on',
      `${text}, where the ledger has one of epoch ${epoch.number}`,
    );
  }

  /** An acknowledgement reaches the leader of its epoch. */
  #compare(instance: InstanceId, leader: NodeId, log: LogModel, said: Acknowledgement): void {
    const theirs = this.#acknowledged.get(keyOf(instance, said));
    const own = log.epochAt(said.index);
    if (theirs === undefined || own === 'certified' || own === theirs || this.#isForgetful(said.voter)) return;
    const place = `index ${said.index} in epoch ${said.epoch}`;
    const held = theirs < 0 ? 'holds nothing there' : `holds an entry of epoch ${theirs} there`;
    const wanted = own === undefined ? 'nothing' : `one of epoch ${own}`;
    this.#report(
      'the leader has what is acknowledged',
      `${said.voter} acknowledges ${place} and ${held}; the leader ${leader} holds ${wanted}`,
    );
  }
}

function keyOf(instance: InstanceId, { epoch, voter, index }: Acknowledgement): string {
  return `${instance} ${epoch} ${voter} ${index}`;
}
