import { height, type PublicKeyHex } from '@varve/encoding';
import { BARRIER_TIMEOUT_MS, BARRIERS_MAX, PEER_BARRIERS_MAX } from './limits.ts';
import type { Outbox } from './outbox.ts';

/** Who waits for a barrier: a client of this node, or a peer. */
type Asker =
  | { readonly kind: 'client'; readonly request: number }
  | { readonly kind: 'peer'; readonly peer: PublicKeyHex; readonly context: number };

interface Barrier {
  readonly asker: Asker;
  readonly deadline: number;
}

/** Read barriers from the question to the moment when the state here is new enough. */
export class Barriers {
  readonly #outbox: Outbox;
  /** Asked of the engine or of a peer, by our own context. */
  readonly #asked = new Map<number, Barrier>();
  /** Passed at an engine index or a height that is not durable here yet. */
  #behind: { readonly barrier: Barrier; readonly index: number | undefined; readonly height: number | undefined }[] =
    [];
  #nextContext = 1;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** A context to ask under, or `undefined` where too many wait; then the asker has its answer. */
  open(asker: Asker, now: number): number | undefined {
    const barrier = { asker, deadline: now + BARRIER_TIMEOUT_MS };
    if (this.#asked.size + this.#behind.length >= BARRIERS_MAX || this.#isGreedy(asker)) {
      this.#fail(barrier);
      return undefined;
    }
    const context = this.#nextContext++;
    this.#asked.set(context, barrier);
    this.#outbox.wake(barrier.deadline);
    return context;
  }

  /**
   * The last block of a configuration, at `last`, is final: indexes count anew. What its engine confirmed is in that
   * block or below; what it did not answer it never will.
   */
  beginInstance(last: number): void {
    this.#behind = this.#behind.map((one) => ({ ...one, index: undefined, height: one.height ?? last }));
    for (const barrier of this.#asked.values()) this.#fail(barrier);
    this.#asked.clear();
  }

  /** The engine's answer: everything up to `index` was committed when the read was asked for. */
  confirmed(context: number, index: number, ok: boolean): void {
    this.#passed(context, ok ? { index, height: undefined } : undefined);
  }

  /** A peer's answer. */
  confirmedAtHeight(context: number, at: number | null): void {
    this.#passed(context, at === null ? undefined : { index: undefined, height: at });
  }

  /** Answers whatever `applied` and `durableHeight` are enough for, and ends what took too long. */
  settle(applied: number, durableHeight: number, now: number): void {
    this.#behind = this.#behind.filter(({ barrier, index, height: at }) => {
      if ((index ?? 0) <= applied && (at ?? 0) <= durableHeight) {
        this.#succeed(barrier, durableHeight);
        return false;
      }
      if (now >= barrier.deadline) {
        this.#fail(barrier);
        return false;
      }
      this.#outbox.wake(barrier.deadline);
      return true;
    });
    for (const [context, barrier] of this.#asked) {
      // Contexts ascend in time: the first young one ends the search.
      if (now < barrier.deadline) {
        this.#outbox.wake(barrier.deadline);
        break;
      }
      this.#asked.delete(context);
      this.#fail(barrier);
    }
  }

  /** No engine and no peer can answer `context`. */
  unavailable(context: number): void {
    this.#passed(context, undefined);
  }

  #passed(context: number, place: { index: number | undefined; height: number | undefined } | undefined): void {
    const barrier = this.#asked.get(context);
    if (barrier === undefined) return;
    this.#asked.delete(context);
    if (place) this.#behind.push({ barrier, ...place });
    else this.#fail(barrier);
  }

  /** One peer must not take the places of all others. */
  #isGreedy(asker: Asker): boolean {
    if (asker.kind !== 'peer') return false;
    let waiting = 0;
    const count = (barrier: Barrier): void => {
      if (barrier.asker.kind === 'peer' && barrier.asker.peer === asker.peer) waiting += 1;
    };
    for (const barrier of this.#asked.values()) count(barrier);
    for (const { barrier } of this.#behind) count(barrier);
    return waiting >= PEER_BARRIERS_MAX;
  }

  #succeed({ asker }: Barrier, durableHeight: number): void {
    if (asker.kind === 'client') {
      this.#outbox.answer({ kind: 'barrier', request: asker.request, height: height(durableHeight) });
    } else {
      this.#outbox.send(asker.peer, { kind: 'barrier', context: asker.context, height: durableHeight });
    }
  }

  #fail({ asker }: Barrier): void {
    if (asker.kind === 'client') {
      this.#outbox.answer({ kind: 'barrierFailed', request: asker.request, code: 'BARRIER_UNAVAILABLE' });
    } else {
      this.#outbox.send(asker.peer, { kind: 'barrier', context: asker.context, height: null });
    }
  }
}
