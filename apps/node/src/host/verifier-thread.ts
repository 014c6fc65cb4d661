import type { Worker } from 'node:worker_threads';
import type { VerifyItem } from '@varve/validator';
import { startThread } from '../thread.ts';
import { packItems } from './packed-items.ts';
import type { SignatureAnswer, SignatureWorkerData } from './signature-worker.ts';
import { type JobDone, type SignatureJudge, VerifyJobs } from './verify-jobs.ts';

/** Signatures given to the thread at once. */
const SIGNATURES_MAX = 1024;
/** Bytes of their messages, but for a single longer one. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Judges signatures on a thread of its own, in the order asked: for a validator that has more than one core to itself. What
 * is asked while the thread is at work is its next batch.
 */
export class VerifierThread implements SignatureJudge {
  readonly #worker: Worker;
  readonly #jobs: VerifyJobs;
  #isBusy = false;
  #scheduled = false;
  #stopped = false;
  micros = 0;

  /**
   * @param worker - Answers as `signature-worker.ts` does; ends with this.
   * @param failed - Told once, with the reason, when it ends by itself: nothing more is judged.
   */
  constructor(worker: Worker, done: JobDone, failed: (reason: string) => void) {
    this.#jobs = new VerifyJobs(done);
    this.#worker = worker;
    this.#worker.on('message', (answer: SignatureAnswer) => this.#answered(answer));
    const ended = (reason: string): void => {
      if (this.#stopped) return;
      this.#stopped = true;
      failed(reason);
    };
    this.#worker.on('error', (error: unknown) =>
      ended(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    this.#worker.on('exit', (code) => ended(`it exited with ${code}`));
  }

  add(job: number, items: readonly VerifyItem[]): void {
    this.#jobs.add(job, items);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#ask();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
  }

  #ask(): void {
    if (this.#isBusy || this.#stopped || this.#jobs.isEmpty) return;
    const items = this.#jobs.first(SIGNATURES_MAX, MESSAGE_BYTES_MAX);
    if (items.length === 0) return this.#jobs.settle([]);
    const packed = packItems(items);
    this.#worker.postMessage(packed, [packed.buffer]);
    this.#isBusy = true;
  }

  #answered({ verdicts, micros }: SignatureAnswer): void {
    this.micros += micros;
    this.#isBusy = false;
    if (this.#stopped) return;
    this.#jobs.settle(Array.from(verdicts, (verdict) => verdict === 1));
    this.#ask();
  }
}

/** Starts the thread's program. */
export function startSignatureWorker(isBatch: boolean): Worker {
  const data: SignatureWorkerData = { isBatch };
  return startThread('signature-worker', import.meta.url, data);
}
