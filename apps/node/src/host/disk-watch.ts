import { freeDiskBytes } from '../storage/index.ts';

/** With less than this free, no transactions are taken: a database needs room to open again. */
const DISK_FREE_BYTES_MIN: number = 256 * 1024 * 1024;
const CHECK_INTERVAL_MS = 2000;

/** Watches the free space of a folder's disk. */
export class DiskWatch {
  readonly #path: string;
  readonly #minimum: number;
  readonly #timer: NodeJS.Timeout;
  #low = false;

  private constructor(path: string, minimum: number) {
    this.#path = path;
    this.#minimum = minimum;
    this.#timer = setInterval(() => void this.#check(), CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** @param minimum - Bytes below which the disk is low. */
  static async start(path: string, minimum: number = DISK_FREE_BYTES_MIN): Promise<DiskWatch> {
    const watch = new DiskWatch(path, minimum);
    await watch.#check();
    return watch;
  }

  get isLow(): boolean {
    return this.#low;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    try {
      this.#low = (await freeDiskBytes(this.#path)) < this.#minimum;
    } catch {
      // A folder that cannot be asked says nothing of its disk; writes will tell.
    }
  }
}
