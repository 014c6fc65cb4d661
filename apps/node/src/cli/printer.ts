import { styleText } from 'node:util';
import type { Failure } from './failure.ts';

const BAR_WIDTH = 24;

/** Where the command line writes: tests give their own. */
export interface Output {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** The only thing that writes: results to standard output, talk to standard error. */
export class Printer {
  readonly json: boolean;
  readonly #output: Output;
  #lineOpen = false;

  constructor(output: Output, json: boolean) {
    this.#output = output;
    this.json = json;
  }

  /** The result: `body` as JSON, or `text` for people. */
  result(body: unknown, text: string): void {
    this.#closeLine();
    const line = this.json ? JSON.stringify(body) : text;
    this.#output.stdout.write(line.endsWith('\n') ? line : `${line}\n`);
  }

  /** A remark on what goes on. */
  talk(text: string): void {
    this.#closeLine();
    this.#output.stderr.write(`${text}\n`);
  }

  /** A step of something long: on a terminal it replaces the step before. */
  progress(text: string): void {
    if (!this.#output.stderr.isTTY) {
      this.#output.stderr.write(`${text}\n`);
      return;
    }
    this.#output.stderr.write(`\r\u001b[K${text}`);
    this.#lineOpen = true;
  }

  /** A passing step of something that is soon over: on a terminal only, and nothing with `--json`. */
  passing(text: string): void {
    if (this.#output.stderr.isTTY && !this.json) this.progress(text);
  }

  /** Ends the line of a step, so that what comes next begins its own. */
  endProgress(): void {
    this.#closeLine();
  }

  /** An error: one object on standard output with `--json`, else text on standard error. */
  failure({ code, message, hint, body }: Failure): void {
    this.#closeLine();
    if (this.json) {
      this.#output.stdout.write(`${JSON.stringify(body ?? { code, message, hint })}\n`);
      return;
    }
    this.#output.stderr.write(
      `${this.#style('red', `error ${code}`)}: ${message}\n${this.#style('dim', 'hint')}: ${hint}\n`,
    );
  }

  /** Text in bold on a terminal. */
  bold(text: string): string {
    return this.#style('bold', text);
  }

  #style(style: 'red' | 'dim' | 'bold', text: string): string {
    if (this.#output.stderr !== process.stderr) return text;
    return styleText(style, text, { stream: process.stderr });
  }

  #closeLine(): void {
    if (this.#lineOpen) this.#output.stderr.write('\n');
    this.#lineOpen = false;
  }
}

/** How much of something long is done, such as `█████░░░ 5/8`; where there is nothing to do, all of it. */
export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.round((done / total) * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${done}/${total}`;
}

/** Rows under a head, columns aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

/** Names and values, a pair a line, values aligned; pairs without a value are left out. */
export function pairs(
  entries: readonly (readonly [name: string, value: string | number | undefined | null])[],
): string {
  const shown = entries.filter(([, value]) => value !== undefined && value !== null);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
