import { createHash } from 'node:crypto';
import type { FaultKind } from '../faults/fault.ts';
import type { SeedResult } from './seed-run.ts';

/** What many seeds showed together. */
export interface Summary {
  readonly seeds: number;
  /** Seeds that were hard enough to prove something (DESIGN §8). */
  readonly counted: number;
  readonly failed: readonly SeedResult[];
  /** Of one seed its own; of several the SHA-256 over `seed hash` lines in the order of seeds. */
  readonly traceHash: string;
  readonly virtualMs: number;
  readonly transactions: number;
  readonly packets: number;
  readonly steps: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Virtual milliseconds from the last fault to everything final everywhere. */
  readonly livenessMs: { readonly median: number; readonly max: number };
}

/** Adds results up. */
export class Tally {
  readonly #results: SeedResult[] = [];

  add(result: SeedResult): void {
    this.#results.push(result);
  }

  get seeds(): number {
    return this.#results.length;
  }

  get virtualMs(): number {
    return sum(this.#results, (result) => result.virtualMs);
  }

  get failures(): number {
    return this.#results.filter((result) => result.violations.length > 0).length;
  }

  summary(): Summary {
    const results = [...this.#results].sort((a, b) => a.seed - b.seed || a.validators - b.validators);
    const faults: Partial<Record<FaultKind, number>> = {};
    for (const result of results) {
      for (const [kind, count] of Object.entries(result.faults)) {
        faults[kind as FaultKind] = (faults[kind as FaultKind] ?? 0) + count;
      }
    }
    const liveness = results.flatMap(({ livenessMs }) => livenessMs ?? []).sort((a, b) => a - b);
    return {
      seeds: results.length,
      counted: results.filter(({ isCounted }) => isCounted).length,
      failed: results.filter(({ violations }) => violations.length > 0),
      traceHash: traceHashOf(results),
      virtualMs: this.virtualMs,
      transactions: sum(results, (result) => result.transactions),
      packets: sum(results, (result) => result.packets),
      steps: sum(results, (result) => result.steps),
      faults,
      livenessMs: { median: liveness[liveness.length >> 1] ?? 0, max: liveness.at(-1) ?? 0 },
    };
  }
}

function traceHashOf(results: readonly SeedResult[]): string {
  const [only] = results;
  if (only && results.length === 1) return only.traceHash;
  const hash = createHash('sha256');
  for (const { seed, traceHash } of results) hash.update(`${seed} ${traceHash}\n`);
  return hash.digest('hex');
}

function sum(results: readonly SeedResult[], of: (result: SeedResult) => number): number {
  return results.reduce((total, result) => total + of(result), 0);
}
