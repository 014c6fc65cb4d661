import { verifySignature, verifySignatureNative } from '@varve/crypto';
import type { BatchVerifier } from '@varve/crypto/batch';
import type { VerifyItem } from '@varve/validator';

/** Signatures judged before other work of the process gets its turn. */
const SIGNATURES_PER_TURN = 256;

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
    const slice = this.#slice();
    const strict = this.#judge(
      slice.map(({ item }) => item).filter((item) => item.strict),
      verifySignatureNative,
    );
    const others = this.#judge(
      slice.map(({ item }) => item).filter((item) => !item.strict),
      verifySignature,
    );
    for (const { job, item } of slice) job.verdicts.push((item.strict ? strict : others).shift() ?? false);
    this.micros += (performance.now() - from) * 1000;
    const finished = this.#jobs.filter(isFinished);
    this.#jobs.splice(0, finished.length);
    if (this.#jobs.length > 0) this.#schedule();
    for (const { job, verdicts } of finished) this.#done(job, verdicts);
  }

  /** What this turn judges, in order. */
  #slice(): readonly { readonly job: Job; readonly item: VerifyItem }[] {
    const slice: { readonly job: Job; readonly item: VerifyItem }[] = [];
    for (const job of this.#jobs) {
      for (const item of job.items.slice(job.verdicts.length)) {
        if (slice.length === SIGNATURES_PER_TURN) return slice;
        slice.push({ job, item });
      }
    }
    return slice;
  }

  #judge(items: readonly VerifyItem[], single: typeof verifySignature): boolean[] {
    if (this.#batch) return this.#batch.verify(items, single);
    return items.map(({ publicKey, message, signature }) => single(publicKey, message, signature));
  }
}

function isFinished({ items, verdicts }: Job): boolean {
  return verdicts.length === items.length;
}
