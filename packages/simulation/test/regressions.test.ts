import { expect, it } from 'vitest';
import { FAULT_KINDS, runSeed } from '../src/index.ts';

/** What a failed seed ran. */
interface RegressionSeed {
  readonly seed: number;
  readonly validators: number;
  readonly changes?: boolean;
  readonly protocol?: 'raft' | 'tendermint';
}

/** Seeds that failed once, and what was wrong. */
const SEEDS: readonly RegressionSeed[] = [
  // An acknowledgement without entries left before the journal knew of it: a crash then looked like a restored backup.
  { seed: 100587, validators: 5 },
  { seed: 101241, validators: 5 },
  // A seal that came when its block was final already was not remembered: its validator could forget it unnoticed.
  { seed: 100837, validators: 5 },
  // The first block's header rotted, and nobody sent it again.
  { seed: 200326, validators: 3 },
  // A lost batch took the places of its transactions along, and one of them was executed a second time.
  { seed: 102774, validators: 3 },
  // Block sync brought a chain to a starting node, and an entry of a stale leader stayed in its log.
  { seed: 180, validators: 5 },
  // A restored validator fetched the blocks that it had sealed before it was asked about them, and voted again.
  { seed: 1_300_049, validators: 5, changes: true },
  // The same under Tendermint, where a seal of the configuration before proved nothing: it waited for proofs forever.
  { seed: 2_420_095, validators: 5, changes: true, protocol: 'tendermint' },
];

it.each(SEEDS)(
  'seed $seed with $validators validators passes',
  ({ seed, validators, changes = false, protocol = 'raft' }) => {
    const { violations } = runSeed(seed, {
      protocol,
      validators,
      durationMs: 30_000,
      kinds: FAULT_KINDS,
      changes,
    });
    expect(violations).toEqual([]);
  },
);
