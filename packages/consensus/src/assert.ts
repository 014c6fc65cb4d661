/** A broken invariant: a bug of ours, never the fault of input. Whoever catches it stops the node. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'INVARIANT_BROKEN';
}

/**
 * States a fact that the code relies on.
 * @param fact - The sentence that is false when this throws.
 * @throws {AssertionError} when `condition` is false.
 */
export function assert(condition: boolean, fact: string): asserts condition {
  if (!condition) throw new AssertionError(fact);
}

/** The unreachable end of a `switch` over a union: a new kind fails the build here. */
export function assertNever(value: never): never {
  throw new AssertionError(`impossible value: ${JSON.stringify(value)}`);
}
