import type { Position } from './history.ts';

/** Negative, zero or positive: ascending by height, then by leaf. */
export function comparePositions(a: Position, b: Position): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1;
  if (a.leafIndex !== b.leafIndex) return a.leafIndex < b.leafIndex ? -1 : 1;
  return 0;
}
