import type { Payload, Slot } from '@varve/consensus';
import { type Ledger, skipCode } from '@varve/ledger/chain';
import type { EngineHost } from './engine-host.ts';
import type { Instant } from './events.ts';
import { CLOCK_SKEW_MS_MAX } from './limits.ts';
import type { PayloadVerifier } from './signatures.ts';

/** A question of the engine: may this be ordered here? */
interface Proposal {
  readonly slot: Slot;
  readonly payload: Payload;
  /** Not one that is proposed again: then its time must be near. */
  readonly fresh: boolean;
}

/** Questions that wait for their parent or for signatures, at most; an engine asks about the present height only. */
const PROPOSALS_MAX = 64;

/**
 * Judges proposals for engines whose proposers may lie. The answer follows from the payload and the state of its parent
 * alone, but for the clock: every correct validator gives the same (DESIGN §5).
 */
export class Proposals {
  readonly #ledger: Ledger;
  readonly #verifier: PayloadVerifier;
  #waiting: Proposal[] = [];

  constructor(ledger: Ledger, verifier: PayloadVerifier) {
    this.#ledger = ledger;
    this.#verifier = verifier;
  }

  /** Takes a question; its answer follows when the parent is executed and all signatures are judged. */
  ask(slot: Slot, payload: Payload, fresh: boolean): void {
    this.#verifier.prepare(payload.id, payload.bytes);
    this.#waiting.push({ slot, payload, fresh });
    if (this.#waiting.length > PROPOSALS_MAX) this.#waiting.shift();
  }

  /** Questions of the engine before are pointless. */
  beginInstance(): void {
    this.#waiting = [];
  }

  /** Answers what can be answered. */
  answer(engine: EngineHost, now: Instant): void {
    if (this.#waiting.length === 0 || this.#ledger.isHandingOver) return;
    const questions = this.#waiting;
    this.#waiting = [];
    for (const question of questions) {
      const { slot, payload } = question;
      // Executed already: whoever asked has its decision.
      if (slot.index <= this.#ledger.applied) continue;
      if (this.#ledger.applied < slot.index - 1 || this.#verifier.isUnderway(payload.id)) {
        this.#waiting.push(question);
        continue;
      }
      const valid = this.#isValid(question, now);
      engine.step({ kind: 'checked', slot, payload: payload.id, valid }, now.monotonic);
    }
  }

  #isValid({ slot, payload, fresh }: Proposal, now: Instant): boolean {
    const ledger = this.#ledger;
    const opened = this.#verifier.opened.open(payload.id, payload.bytes);
    if (opened === undefined || payload.bytes.length > ledger.configuration.parameters.payloadBytesMax) return false;
    const { index, epoch, time } = opened.content;
    if (index !== slot.index || epoch.number !== slot.epoch.number || epoch.node !== slot.epoch.node) return false;
    if (fresh && Math.abs(time - now.wall) > CLOCK_SKEW_MS_MAX) return false;
    const point = { height: ledger.tip.header.height, time: ledger.blockTime(time) };
    // Only due timers justify a payload without transactions.
    if (opened.decoded.length === 0) return ledger.timers.due(point.time).length > 0;
    const environment = ledger.environment((transaction) => this.#verifier.isSigned(transaction));
    return opened.decoded.every(
      (transaction) =>
        transaction !== undefined && typeof skipCode(transaction, point, ledger, environment) !== 'string',
    );
  }
}
