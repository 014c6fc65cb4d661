import { verifySignature, verifySignatureNative } from '@varve/crypto';
import type { VerifyItem } from '@varve/validator';

/** Signatures judged before other work of the process gets its turn. */
const SIGNATURES_PER_TURN = 128;

interface Job {
  readonly job: number;
  readonly items: readonly VerifyItem[];
  readonly verdicts: boolean[];
}

/** Judges signatures in the order asked, a slice at each turn of the event loop. */
export class Verifier {
  readonly #done: (job: number, verdicts: readonly boolean[]) => void;
  readonly #jobs: Job[] = [];
  #scheduled = false;
  /** Microseconds spent. */
  micros = 0;

  constructor(done: (job: number, verdicts: readonly boolean[]) => void) {
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
    const finished: Job[] = [];
    for (let left = SIGNATURES_PER_TURN; left > 0; ) {
      const job = this.#jobs[0];
      if (job === undefined) break;
      const item = job.items[job.verdicts.length];
      if (item === undefined) {
        finished.push(job);
        this.#jobs.shift();
        continue;
      }
      const verify = item.strict ? verifySignatureNative : verifySignature;
      job.verdicts.push(verify(item.publicKey, item.message, item.signature));
      left -= 1;
      if (job.verdicts.length === job.items.length) {
        finished.push(job);
        this.#jobs.shift();
      }
    }
    this.micros += (performance.now() - from) * 1000;
    if (this.#jobs.length > 0) this.#schedule();
    for (const { job, verdicts } of finished) this.#done(job, verdicts);
  }
}
