import type { VerifyItem } from '@varve/validator';

/** Told once for each job, in the order in which they were asked, its verdicts in the order of its items. */
export type JobDone = (job: number, verdicts: readonly boolean[]) => void;

/** Judges signatures in a while. */
export interface SignatureJudge {
  add(job: number, items: readonly VerifyItem[]): void;
  /** Microseconds spent so far. */
  readonly micros: number;
  /** Tells nothing any more; resolves when nothing of it runs. */
  stop(): Promise<void>;
}

interface Job {
  readonly job: number;
  readonly items: readonly VerifyItem[];
  readonly verdicts: boolean[];
}

/** Signatures to be judged, of several jobs, as one row: taken from its front in pieces that need not end where a job does. */
export class VerifyJobs {
  readonly #done: JobDone;
  #jobs: Job[] = [];

  constructor(done: JobDone) {
    this.#done = done;
  }

  get isEmpty(): boolean {
    return this.#jobs.length === 0;
  }

  add(job: number, items: readonly VerifyItem[]): void {
    this.#jobs.push({ job, items, verdicts: [] });
  }

  /** The first items without verdicts: at most so many, and no more bytes of messages unless the first has more. */
  first(itemsMax: number, bytesMax: number = Number.POSITIVE_INFINITY): VerifyItem[] {
    const taken: VerifyItem[] = [];
    let bytes = 0;
    for (const { items, verdicts } of this.#jobs) {
      for (let i = verdicts.length; i < items.length; i++) {
        const item = items[i] as VerifyItem;
        bytes += item.message.length;
        if (taken.length === itemsMax || (bytes > bytesMax && taken.length > 0)) return taken;
        taken.push(item);
      }
    }
    return taken;
  }

  /** The verdicts on what was `first`. Tells of the jobs that are finished, also of those that had nothing to judge. */
  settle(verdicts: readonly boolean[]): void {
    let next = 0;
    let finished = 0;
    for (const job of this.#jobs) {
      while (job.verdicts.length < job.items.length && next < verdicts.length)
        job.verdicts.push(verdicts[next++] as boolean);
      if (job.verdicts.length < job.items.length) break;
      finished += 1;
    }
    for (const job of this.#jobs.splice(0, finished)) this.#done(job.job, job.verdicts);
  }
}
