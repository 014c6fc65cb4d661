import { sha256Parts } from '@varve/crypto';
import { slowRoot } from './oracle.ts';

/** The three definitions over the first `size` leaves, recursive as above; roots of ranges are kept, so that sizes can grow. */
export function keptDefinitions(leaves: readonly Uint8Array[]): {
  root(size: number): Uint8Array;
  inclusion(index: number, size: number): Uint8Array[];
  consistency(m: number, size: number): Uint8Array[];
} {
  const kept = new Map<string, Uint8Array>();
  const root = (start: number, end: number): Uint8Array => {
    const known = kept.get(`${start} ${end}`);
    if (known) return known;
    const k = end - start > 1 ? split(end - start) : 0;
    const made =
      k === 0
        ? slowRoot(leaves.slice(start, end))
        : sha256Parts(Uint8Array.of(1), root(start, start + k), root(start + k, end));
    kept.set(`${start} ${end}`, made);
    return made;
  };
  const path = (index: number, start: number, end: number): Uint8Array[] => {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...path(index, start, middle), root(middle, end)]
      : [...path(index, middle, end), root(start, middle)];
  };
  const proof = (m: number, start: number, end: number, known: boolean): Uint8Array[] => {
    if (m === end) return known ? [] : [root(start, end)];
    const middle = start + split(end - start);
    return m <= middle
      ? [...proof(m, start, middle, known), root(middle, end)]
      : [...proof(m, middle, end, false), root(start, middle)];
  };
  return {
    root: (size) => root(0, size),
    inclusion: (index, size) => path(index, 0, size),
    consistency: (m, size) => proof(m, 0, size, true),
  };
}

function split(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}
