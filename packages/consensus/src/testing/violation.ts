import { AssertionError } from '../assert.ts';

/** A promise of the contract was broken: `fact` says which, where and by what. */
export function violated(fact: string, cause?: unknown): never {
  throw new AssertionError(fact, cause === undefined ? undefined : { cause });
}
