import type { EngineWindow, Input, Output, Recovered, Slot, Write } from '../contract.ts';
import { violated } from './violation.ts';

/** The rules that one run's outputs follow, whatever the protocol. */
export class OutputRules {
  /** Index of the last entry handed out, or covered by block sync. */
  delivered: number;
  /** The question that stands. */
  open: Slot | undefined;
  draining = false;
  #sequence = 0;
  #logEnd: number;
  #anchor: number;
  /** Highest index that the host vouched for as certified. */
  #certified: number;
  readonly #who: string;

  constructor(who: string, recovered: Recovered, committed: number) {
    this.#who = who;
    this.delivered = committed;
    this.#anchor = recovered.anchor.index;
    this.#certified = recovered.ledger.index;
    this.#logEnd = recovered.log.at(-1)?.index ?? recovered.anchor.index;
  }

  /** Before the step: what the host does to the question that stands, and to the ledger. */
  note<M>(input: Input<M>): void {
    if (input.kind === 'propose') this.open = undefined;
    if (input.kind === 'drain') this.draining = true;
    if (input.kind === 'synced' || input.kind === 'certified')
      this.#certified = Math.max(this.#certified, input.anchor.index);
    if (input.kind === 'synced') this.delivered = Math.max(this.delivered, input.anchor.index);
  }

  /** After the step. */
  check<M>(input: Input<M> | undefined, output: Output<M>, now: number): void {
    const { wakeAt } = output;
    if (wakeAt !== undefined) {
      if (!Number.isSafeInteger(wakeAt) || wakeAt < now) this.#fail(`wakes at ${wakeAt}, which is past at ${now}`);
      if (input?.kind === 'tick' && wakeAt === now) this.#fail('a tick asks for another at once');
    }
    if (output.write) this.#checkWrite(output.write);
    for (const entry of output.commit) {
      if (entry.index !== this.delivered + 1) this.#fail(`commits ${entry.index} after ${this.delivered}`);
      this.delivered = entry.index;
    }
    if (output.build) this.#checkBuild(output.build);
  }

  #checkWrite<M>(write: Write<M>): void {
    if (write.sequence !== this.#sequence + 1) this.#fail(`write ${write.sequence} follows ${this.#sequence}`);
    this.#sequence = write.sequence;
    const { truncateFrom, anchor, append } = write;
    if (truncateFrom !== undefined) {
      if (truncateFrom <= this.#anchor) this.#fail(`truncates from ${truncateFrom}, below its anchor`);
      this.#logEnd = Math.min(this.#logEnd, truncateFrom - 1);
    }
    if (anchor) {
      if (anchor.index < this.#anchor) this.#fail(`moves its anchor back to ${anchor.index}`);
      if (anchor.index > this.#certified) this.#fail(`moves its anchor to ${anchor.index}, which nobody certified`);
      this.#anchor = anchor.index;
      this.#logEnd = Math.max(this.#logEnd, anchor.index);
    }
    for (const entry of append) {
      if (entry.index !== this.#logEnd + 1) this.#fail(`appends ${entry.index} after ${this.#logEnd}`);
      this.#logEnd = entry.index;
    }
    if (truncateFrom !== undefined && truncateFrom <= this.delivered && anchor === undefined)
      this.#fail(`truncates from ${truncateFrom} what it committed up to ${this.delivered}`);
  }

  #checkBuild(build: Slot): void {
    if (this.draining) this.#fail('builds while it drains');
    if (isSame(this.open, build)) this.#fail(`asks twice for ${build.index}`);
    this.open = build;
  }

  #fail(fact: string): never {
    return violated(`${this.#who}: ${fact}`);
  }
}

function isSame(one: Slot | undefined, other: Slot): boolean {
  return one?.index === other.index && one.epoch.number === other.epoch.number && one.epoch.node === other.epoch.node;
}

/** Whether a window is so full that nothing more may be invited. */
export function isFull(window: EngineWindow, inFlight: Iterable<{ readonly bytes: number }>): boolean {
  let payloads = 0;
  let bytes = 0;
  for (const proposal of inFlight) {
    payloads += 1;
    bytes += proposal.bytes;
  }
  return payloads >= window.payloads || bytes >= window.bytes;
}
