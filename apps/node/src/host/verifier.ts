import type { BatchVerifier } from '@varve/crypto/batch';
import type { VerifyItem } from '@varve/validator';
import { judge } from './judge.ts';
import { type JobDone, type SignatureJudge, VerifyJobs } from './verify-jobs.ts';

/** Signatures judged before other work of the process gets its turn. */
export const SIGNATURES_PER_TURN = 256;

/**
 * Judges signatures in the order asked, a slice at each turn of the event loop: whatever arrived since the last turn is one
 * batch, so that load makes batches larger and each signature cheaper.
 */
export class Verifier implements SignatureJudge {
  readonly #batch: BatchVerifier | undefined;
  readonly #jobs: VerifyJobs;
  #scheduled = false;
  #stopped = false;
  micros = 0;

  /** @param batch - Absent: signatures are judged one by one. */
  constructor(batch: BatchVerifier | undefined, done: JobDone) {
    this.#batch = batch;
    this.#jobs = new VerifyJobs(done);
  }

  add(job: number, items: readonly VerifyItem[]): void {
    this.#jobs.add(job, items);
    this.#schedule();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return Promise.resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const from = performance.now();
    const verdicts = judge(this.#batch, this.#jobs.first(SIGNATURES_PER_TURN));
    this.micros += (performance.now() - from) * 1000;
    this.#jobs.settle(verdicts);
    if (!this.#jobs.isEmpty) this.#schedule();
  }
}
