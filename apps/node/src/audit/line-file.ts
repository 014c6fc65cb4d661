import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { SetupError } from '../setup/errors.ts';

/** A new text file, written line by line; a pipe or a device that is there will do too. */
export class LineFile {
  readonly #path: string;
  readonly #end: string;
  readonly #isNew: boolean;
  readonly #descriptor: number;
  #isClosed = false;

  /**
   * @param end - What ends a line.
   * @throws {SetupError} `FILE_EXISTS` where a file is there, `FILE_FAILED`.
   */
  constructor(path: string, end: string) {
    this.#path = path;
    this.#end = end;
    const there = this.#attempt(() => statSync(path, { throwIfNoEntry: false }));
    this.#isNew = there === undefined || there.isFile();
    this.#descriptor = this.#attempt(() => openSync(path, this.#isNew ? 'wx' : 'w'));
  }

  /** @throws {SetupError} `FILE_FAILED`. */
  add(lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => line + this.#end).join(''));
    this.#attempt(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#descriptor);
    this.#isClosed = true;
  }

  /** Leaves no half of a file behind, which would be in the way of the next attempt. */
  abandon(): void {
    this.close();
    if (this.#isNew) rmSync(this.#path, { force: true });
  }

  #attempt<T>(operate: () => T): T {
    try {
      return operate();
    } catch (cause) {
      const path = this.#path;
      const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
      if (isThere) throw new SetupError('FILE_EXISTS', `${path} exists already`, { path }, { cause });
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SetupError('FILE_FAILED', `${path} cannot be written: ${reason}`, { path, reason }, { cause });
    }
  }
}
