/** What a protocol's validators may do at worst: stop, or anything at all. */
export type FaultModel = 'crash' | 'byzantine';

/**
 * The greatest number of faulty validators that `n` tolerate.
 * @param n - Number of validators, at least 1.
 * @returns ⌊(n−1)/2⌋ crashed or ⌊(n−1)/3⌋ arbitrary ones.
 */
export function faultsTolerated(n: number, faultModel: FaultModel): number {
  return Math.floor((n - 1) / (faultModel === 'crash' ? 2 : 3));
}

/**
 * The least number of validators any two groups of which share a correct one. Engines decide by it, and certificates
 * need it.
 * @param n - Number of validators, at least 1.
 * @returns ⌊n/2⌋ + 1 under crash faults, ⌊2n/3⌋ + 1 (more than two thirds) under arbitrary ones.
 */
export function quorumSize(n: number, faultModel: FaultModel): number {
  return Math.floor(faultModel === 'crash' ? n / 2 : (2 * n) / 3) + 1;
}
