import { sha256, sha256Parts } from '@varve/crypto';

/** The definitions of RFC 9162 and DESIGN §4 as they are written: slow, recursive, and without shared code. */

const prefixed = (prefix: number, ...parts: Uint8Array[]) => sha256Parts(Uint8Array.of(prefix), ...parts);

/** MTH of §2.1.1. */
export function slowRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return prefixed(0, first);
  const k = split(leaves.length);
  return prefixed(1, slowRoot(leaves.slice(0, k)), slowRoot(leaves.slice(k)));
}

/** PATH of §2.1.3.1. */
export function slowInclusion(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...slowInclusion(leaves.slice(0, k), index), slowRoot(leaves.slice(k))]
    : [...slowInclusion(leaves.slice(k), index - k), slowRoot(leaves.slice(0, k))];
}

/** PROOF of §2.1.4.1. */
export function slowConsistency(leaves: readonly Uint8Array[], m: number, known = true): Uint8Array[] {
  if (m === leaves.length) return known ? [] : [slowRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...slowConsistency(leaves.slice(0, k), m, known), slowRoot(leaves.slice(k))]
    : [...slowConsistency(leaves.slice(k), m - k, false), slowRoot(leaves.slice(0, k))];
}

function split(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

/** `stateRoot` of DESIGN §4 over keys and values in hexadecimal. */
export function slowStateRoot(entries: readonly (readonly [key: string, value: string])[], depth = 0): Uint8Array {
  const [first] = entries;
  if (first === undefined) return new Uint8Array(32);
  if (entries.length === 1) return prefixed(0, hex(first[0]), hex(first[1]));
  const goesRight = ([key]: readonly [string, string]) => hexBit(key, depth) === '1';
  return sha256Parts(
    slowStateRoot(
      entries.filter((entry) => !goesRight(entry)),
      depth + 1,
    ),
    slowStateRoot(entries.filter(goesRight), depth + 1),
  );
}

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

function hexBit(text: string, at: number): string | undefined {
  return Number.parseInt(text[at >> 2] ?? '', 16)
    .toString(2)
    .padStart(4, '0')[at & 3];
}

/** Distinct leaves of distinct lengths. */
export const leavesOf = (n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => Uint8Array.from([i % 256, i >> 8, ...new Array(i % 5).fill(7)]));
