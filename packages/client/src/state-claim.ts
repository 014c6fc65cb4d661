import { fromHex, isHex } from '@varve/encoding';
import type { ConfigurationsAnswer, StateAnswer } from './answers.ts';

/** What a node says of a key, as `verifyState` of `@varve/verify` takes it. */
export interface StateClaim {
  readonly module: string;
  readonly key: Uint8Array;
  /** Null where the key is said to be absent. */
  readonly entry: { readonly version: number; readonly modifiedHeight: number; readonly bytes: Uint8Array } | null;
  readonly proof: Uint8Array;
  readonly header: Uint8Array;
  readonly certificate: Uint8Array;
  readonly later: { readonly header: Uint8Array; readonly path: readonly Uint8Array[] } | null;
  readonly configurations: readonly {
    readonly header: Uint8Array;
    readonly certificate: Uint8Array;
    readonly next: Uint8Array;
  }[];
}

/**
 * The bytes of an answer that was asked for with `proof: true`, for `verifyState`. Nothing is judged: what is missing, or
 * no hexadecimal, becomes no bytes, which prove nothing. The answer's module and key are the node's word: compare them
 * with what was asked.
 */
export function stateClaim(
  answer: StateAnswer,
  { configurations }: Pick<ConfigurationsAnswer, 'configurations'>,
): StateClaim {
  const { module, key, proof, value, version, modifiedHeight } = answer;
  const isAbsent = value === null || version === null || modifiedHeight === null;
  return {
    module,
    key: bytes(key),
    entry: isAbsent ? null : { version, modifiedHeight, bytes: bytes(value) },
    proof: bytes(proof?.stateProof),
    header: bytes(proof?.header),
    certificate: bytes(proof?.certificate),
    later: proof?.later ? { header: bytes(proof.later.header), path: proof.later.path.map(bytes) } : null,
    configurations: configurations.flatMap(({ step, bytes: next }) =>
      step ? [{ header: bytes(step.header), certificate: bytes(step.certificate), next: bytes(next) }] : [],
    ),
  };
}

function bytes(text: string | null | undefined): Uint8Array {
  return typeof text === 'string' && isHex(text) ? fromHex(text) : new Uint8Array();
}
