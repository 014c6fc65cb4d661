import { verifySignature, verifySignatureNative } from '@varve/crypto';
import type { BatchVerifier } from '@varve/crypto/batch';
import type { VerifyItem } from '@varve/validator';

/** Signatures judged before other work of the process gets its turn. */
export const SIGNATURES_PER_TURN = 256;

interface Job {
  readonly job: number;
  readonly items: readonly VerifyItem[];
  readonly verdicts: boolean[];
}

/**
 * Judges signatures in the order asked, a slice at each turn of the event loop: whatever arrived since the last turn is one
 * batch, so that load makes batches larger and each signature cheaper.
 */
export class Verifier {
  readonly #batch: BatchVerifier | undefined;
  readonly #done: (job: number, verdicts: readonly boolean[]) => void;
  readonly #jobs: Job[] = [];
  #scheduled = false;
  /** Microseconds spent. */
  micros = 0;

  /** @param batch - Absent: signatures are judged one by one. */
  constructor(batch: BatchVerifier | undefined, done: (job: number, verdicts: readonly boolean[]) => void) {
    this.#batch = batch;
    this.#done = done;
  }

  add(job: number, items: readonly VerifyItem[]): void {
    this.#jobs.push({ job, items, verdicts: [] });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const from = performance.now();
    const finished = this.#jobs.splice(0, this.#judgeSlice());
    this.micros += (performance.now() - from) * 1000;
    if (this.#jobs.length > 0) this.#schedule();
    for (const { job, verdicts } of finished) this.#done(job, verdicts);
  }

  /** Judges what this turn may; returns how many jobs, the first of all, are finished. */
  #judgeSlice(): number {
    const strict: VerifyItem[] = [];
    const others: VerifyItem[] = [];
    const reached = this.#gather(strict, others);
    const strictVerdicts = this.#judge(strict, verifySignatureNative);
    const otherVerdicts = this.#judge(others, verifySignature);
    let strictTaken = 0;
    let othersTaken = 0;
    let left = strict.length + others.length;
    for (const { items, verdicts } of this.#jobs.slice(0, reached)) {
      for (; verdicts.length < items.length && left > 0; left--) {
        const isStrict = items[verdicts.length]?.strict === true;
        const verdict = isStrict ? strictVerdicts[strictTaken++] : otherVerdicts[othersTaken++];
        verdicts.push(verdict === true);
      }
    }
    const last = this.#jobs[reached - 1];
    return last === undefined || last.verdicts.length === last.items.length ? reached : reached - 1;
  }

  /** Sorts this turn's signatures by their rule; returns how many jobs they reach into. */
  #gather(strict: VerifyItem[], others: VerifyItem[]): number {
    let reached = 0;
    for (const { items, verdicts } of this.#jobs) {
      reached += 1;
      for (let i = verdicts.length; i < items.length; i++) {
        if (strict.length + others.length === SIGNATURES_PER_TURN) return reached;
        const item = items[i] as VerifyItem;
        (item.strict ? strict : others).push(item);
      }
    }
    return reached;
  }

  #judge(items: readonly VerifyItem[], single: typeof verifySignature): readonly boolean[] {
    if (items.length === 0) return [];
    if (this.#batch) return this.#batch.verify(items, single);
    return items.map(({ publicKey, message, signature }) => single(publicKey, message, signature));
  }
}
