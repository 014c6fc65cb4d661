import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';
import type { SealQuestion, VerdictAnswer, VerdictQuestion } from './verdict-worker.ts';

/** Payload bytes that are worth a message of their own. */
const QUESTION_BYTES = 64 * 1024;
const THREADS_MAX = 16;

/** What is known of one block's signatures. */
export interface BlockVerdicts {
  /** For each item of the payload. */
  readonly items: Uint8Array;
  readonly seals: Uint8Array;
}

interface Asked {
  readonly payload: Uint8Array;
  readonly seals: readonly SealQuestion[];
  readonly resolve: (verdicts: BlockVerdicts) => void;
}

/** A worker and the questions that it has not answered yet. */
interface Thread {
  readonly worker: Worker;
  readonly asked: Asked[][];
}

/** Has signatures judged on every core while another thread executes. */
export class VerdictPool {
  readonly #threads: Thread[] = [];
  #waiting: Asked[] = [];
  #waitingBytes = 0;
  #failed: (error: Error) => void = () => undefined;
  /** Rejects when a thread fails. */
  readonly failure: Promise<never>;

  readonly #threadsMax: number;

  /** @param threadsMax - Default: one for each core. They start when there is something for them to do. */
  constructor(threadsMax: number = Math.min(availableParallelism(), THREADS_MAX)) {
    this.#threadsMax = threadsMax;
    this.failure = new Promise((_, reject) => {
      this.#failed = reject;
    });
    this.failure.catch(() => undefined);
  }

  /** The verdicts on a block, in a while: call `flush` when no more questions follow at once. */
  judge(payload: Uint8Array, seals: readonly SealQuestion[]): Promise<BlockVerdicts> {
    const verdicts = new Promise<BlockVerdicts>((resolve) => this.#waiting.push({ payload, seals, resolve }));
    this.#waitingBytes += payload.length;
    if (this.#waitingBytes >= QUESTION_BYTES) this.flush();
    return verdicts;
  }

  /** Sends what waits to the thread with the least to do. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#idlest();
    thread.asked.push(this.#waiting);
    const question: VerdictQuestion = {
      payloads: this.#waiting.map(({ payload }) => payload),
      seals: this.#waiting.flatMap(({ seals }) => seals),
    };
    thread.worker.postMessage(question);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** A thread without work, a new one while there may be more, or the one with the least to do. */
  #idlest(): Thread {
    const [least] = this.#threads.toSorted((a, b) => a.asked.length - b.asked.length);
    if (least && (least.asked.length === 0 || this.#threads.length >= this.#threadsMax)) return least;
    const worker = startThread('verdict-worker', import.meta.url);
    const thread: Thread = { worker, asked: [] };
    worker.on('message', (answer: VerdictAnswer) => settle(thread.asked.shift() ?? [], answer));
    worker.on('error', (error: Error) => this.#failed(error));
    this.#threads.push(thread);
    return thread;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

function settle(asked: readonly Asked[], answer: VerdictAnswer): void {
  let from = 0;
  asked.forEach(({ seals, resolve }, i) => {
    const items = answer.payloads[i] ?? new Uint8Array();
    resolve({ items, seals: answer.seals.subarray(from, from + seals.length) });
    from += seals.length;
  });
}
