import type { Slot } from '@varve/consensus';
import type { PayloadId } from '@varve/encoding';
import type { Ledger } from '@varve/ledger/chain';
import { buildPayload } from './builder.ts';
import type { EngineHost } from './engine-host.ts';
import type { Instant } from './events.ts';
import { BUILD_TRANSACTIONS, BUILD_WAIT_MS, UNCERTIFIED_BLOCKS_MAX, UNCERTIFIED_BYTES_MAX } from './limits.ts';
import type { OpenedPayloads } from './opened-payloads.ts';
import type { Outbox } from './outbox.ts';
import type { Pool } from './pool.ts';

/** Answers the engine's invitations to build, at the right moment and only when the chain is in order. */
export class Production {
  readonly #ledger: Ledger;
  readonly #pool: Pool;
  readonly #opened: OpenedPayloads;
  readonly #outbox: Outbox;
  /** The epoch of the last slot that was answered. */
  #epoch: Slot['epoch'] | undefined;
  /** The newest time of an own payload that is not executed: the next is not before it. */
  #ownTime = 0;
  #demand = false;
  /** Bytes of the payloads of blocks above the final height. */
  readonly #uncertified = new Map<number, number>();
  #uncertifiedBytes = 0;

  constructor(ledger: Ledger, pool: Pool, opened: OpenedPayloads, outbox: Outbox) {
    this.#ledger = ledger;
    this.#pool = pool;
    this.#opened = opened;
    this.#outbox = outbox;
  }

  /** Another engine begins; what was proposed to the one before and not executed waits again. */
  beginInstance(): void {
    this.#epoch = undefined;
    this.#demand = false;
    this.#ownTime = 0;
    this.#pool.releaseAll();
  }

  /** A block was executed. */
  noteExecuted(height: number, bytes: number): void {
    this.#uncertified.set(height, bytes);
    this.#uncertifiedBytes += bytes;
  }

  /** Blocks up to `height` are final. */
  noteFinal(height: number): void {
    for (const [at, bytes] of this.#uncertified) {
      if (at > height) break;
      this.#uncertified.delete(at);
      this.#uncertifiedBytes -= bytes;
    }
  }

  /** Whether so much lacks certificates that nothing more is built. */
  get isSealsMissing(): boolean {
    return this.#uncertified.size > UNCERTIFIED_BLOCKS_MAX || this.#uncertifiedBytes > UNCERTIFIED_BYTES_MAX;
  }

  /** Tells the engine when there begins or ceases to be something to order. */
  updateDemand(engine: EngineHost, now: Instant): void {
    const due = this.#ledger.timers.next();
    if (due !== undefined && due > now.wall) this.#outbox.wake(now.monotonic + (due - now.wall));
    const pending = this.#pool.unproposed > 0 || (due !== undefined && due <= now.wall);
    if (pending === this.#demand) return;
    this.#demand = pending;
    engine.step({ kind: 'demand', pending }, now.monotonic);
  }

  /**
   * Builds when the engine asks and it is time: at once when nothing is in flight, else for many transactions or
   * after a short wait, since a block costs much whatever is in it.
   * @param obstacle - Why this node must not build now, if so.
   */
  tryBuild(engine: EngineHost, obstacle: string | undefined, now: Instant): void {
    const { slot } = engine;
    if (slot === undefined || obstacle !== undefined || this.isSealsMissing) return;
    if (!this.#mayFollow(slot)) return;
    if (!this.#isTime(now)) return;
    const time = Math.max(now.wall, this.#timeBefore(slot));
    const { payload, opened, hopeless } = buildPayload(this.#ledger, this.#pool, slot, time);
    if (hopeless.length > 0) {
      for (const { waiting } of hopeless) this.#pool.remove(waiting.transaction.id);
      this.#outbox.notice({
        kind: 'discarded',
        transactions: hopeless.map(({ waiting, code }) => ({ id: waiting.transaction.id, code })),
      });
    }
    if (payload === undefined) return;
    this.#epoch = slot.epoch;
    this.#opened.keep(payload.id, opened, payload.bytes.length);
    this.#ownTime = time;
    engine.step({ kind: 'propose', slot, payload }, now.monotonic);
  }

  /** Own payloads that lost their slot. */
  dropped(payloads: readonly PayloadId[]): void {
    for (const payload of payloads) this.#pool.release(payload);
  }

  /**
   * The first payload of a leadership waits until everything before it is executed: transactions of an earlier
   * leader's payloads are still in the pool until then, and would be ordered twice.
   */
  #mayFollow(slot: Slot): boolean {
    if (this.#epoch?.number === slot.epoch.number && this.#epoch.node === slot.epoch.node) return true;
    if (this.#ledger.applied < slot.index - 1) return false;
    this.#pool.releaseAll();
    return true;
  }

  /**
   * The newest time in the log before `slot`. Within one leadership only own payloads are not executed; whatever else
   * arrived may come from a liar, or lost its place.
   */
  #timeBefore(slot: Slot): number {
    const { applied, tip } = this.#ledger;
    return applied < slot.index - 1 ? Math.max(this.#ownTime, tip.header.time) : tip.header.time;
  }

  #isTime(now: Instant): boolean {
    const { oldest } = this.#pool;
    if (oldest === undefined || this.#pool.inFlight === 0 || this.#pool.unproposed >= BUILD_TRANSACTIONS) return true;
    const at = oldest.since + BUILD_WAIT_MS;
    if (now.monotonic >= at) return true;
    this.#outbox.wake(at);
    return false;
  }
}
