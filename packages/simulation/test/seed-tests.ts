import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, runSeeds, type SeedResult, type SeedRunOptions, seedQuestions } from '../src/index.ts';

/** Seeds in one test: so that a run shows how far it is. */
const CHUNK = 25;
/** How long faults last in each seed, virtual milliseconds. */
const DURATION_MS = 30_000;

/** Which seeds to run. */
export interface SeedTests extends Pick<SeedRunOptions, 'protocol' | 'validators' | 'changes'> {
  readonly first: number;
  readonly last: number;
}

/** Seeds from `first` to `last`: each must pass every check, and be hard enough to prove something. */
export function seedTests({ protocol, validators, first, last, changes = false }: SeedTests): void {
  const chunks = Array.from({ length: Math.ceil((last - first + 1) / CHUNK) }, (_, i) => first + i * CHUNK);
  const flag = changes ? ' --changes' : '';
  describe(`${protocol} with ${validators} validators${flag} survives every fault`, () => {
    it.each(chunks.map((from) => [from, Math.min(last, from + CHUNK - 1)]))('seeds %i..%i', async (from, to) => {
      const options = { protocol, validators, durationMs: DURATION_MS, kinds: FAULT_KINDS, changes };
      const results: SeedResult[] = [];
      // On a thread, as the command line does it.
      await runSeeds({ next: seedQuestions(from, to, options), jobs: 1, onResult: (result) => results.push(result) });
      expect(results).toHaveLength(to - from + 1);
      for (const result of results) {
        const again = `varve simulate --protocol ${protocol} --validators ${validators} --seeds ${result.seed} --seconds 30${flag}`;
        expect(result.violations, again).toEqual([]);
        expect(result.isCounted, `${again}: ${JSON.stringify(result)}`).toBe(true);
      }
    });
  });
}
