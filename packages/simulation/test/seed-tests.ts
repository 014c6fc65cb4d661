import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULT_KINDS, runSeeds, type SeedQuestion, type SeedResult, type SeedRunOptions } from '../src/index.ts';

/** Seeds in one test: so that a run shows how far it is. */
const CHUNK = 25;
/** How long faults last in each seed, virtual milliseconds. */
const DURATION_MS = 30_000;

/** Which seeds to run. */
export interface SeedTests extends Pick<SeedRunOptions, 'protocol' | 'validators' | 'changes'> {
  readonly first: number;
  readonly last: number;
}

/** Seeds of each range from `first` to `last`: each must pass every check, and be hard enough to prove something. */
export function seedTests(...ranges: readonly SeedTests[]): void {
  const questions = ranges.flatMap(questionsOf);
  const results = questions.map(() => Promise.withResolvers<SeedResult>());
  const end = new AbortController();
  let running: Promise<void>;

  // On a thread, as the command line does it, and on one for all: what it compiled for a seed serves the next.
  beforeAll(() => {
    const asked = questions.values();
    const answered = results.values();
    running = runSeeds({
      next: () => asked.next().value,
      jobs: 1,
      onResult: (result) => answered.next().value?.resolve(result),
      signal: end.signal,
    });
    // Without a thread no seed has a result.
    running.catch((error) => {
      for (const { promise, reject } of results) {
        promise.catch(() => undefined);
        reject(error);
      }
    });
  });
  afterAll(() => {
    end.abort();
    return running;
  });

  let before = 0;
  for (const range of ranges) {
    const count = questionsOf(range).length;
    chunkTests(range, results.slice(before, before + count));
    before += count;
  }
}

function chunkTests(
  { protocol, validators, first, last, changes = false }: SeedTests,
  own: readonly PromiseWithResolvers<SeedResult>[],
): void {
  const chunks = Array.from({ length: Math.ceil((last - first + 1) / CHUNK) }, (_, i) => first + i * CHUNK);
  const flag = changes ? ' --changes' : '';
  describe(`${protocol} with ${validators} validators${flag} survives every fault`, () => {
    it.each(chunks.map((from) => [from, Math.min(last, from + CHUNK - 1)]))('seeds %i..%i', async (from, to) => {
      const found = await Promise.all(own.slice(from - first, to - first + 1).map(({ promise }) => promise));
      expect(found.map(({ seed }) => seed)).toEqual(Array.from({ length: to - from + 1 }, (_, i) => from + i));
      for (const result of found) {
        const again = `varve simulate --protocol ${protocol} --validators ${validators} --seeds ${result.seed} --seconds 30${flag}`;
        expect(result.violations, again).toEqual([]);
        expect(result.isCounted, `${again}: ${JSON.stringify(result)}`).toBe(true);
      }
    });
  });
}

function questionsOf({ first, last, protocol, validators, changes = false }: SeedTests): SeedQuestion[] {
  const options = { protocol, validators, durationMs: DURATION_MS, kinds: FAULT_KINDS, changes };
  return Array.from({ length: last - first + 1 }, (_, i) => ({ seed: first + i, options }));
}
