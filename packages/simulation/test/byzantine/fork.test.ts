import { faultsTolerated } from '@varve/consensus';
import { describe, expect, it } from 'vitest';
import type { Fault, FaultKind } from '../../src/faults/fault.ts';
import { simulatedProtocol } from '../../src/runner/protocols.ts';
import { simulate } from '../../src/simulation.ts';

const protocol = simulatedProtocol('tendermint');
const FIRST_MS = 2000;
const DURATION_MS = 10_000;
/** How long one attack lasts, milliseconds, and how far apart they are. */
const ATTACK_MS = 1900;
const APART_MS = 2000;
const SEEDS = [4, 5, 6];
/** What a fork looks like to whoever watches correct nodes. */
const FORK = new Set(['one entry per index', 'one block per height', 'one certified hash per height']);

/** The first promise that breaks when `count` validators attack together for the whole time. */
function attack(kind: FaultKind, validators: number, count: number, seed: number): string | undefined {
  const nodes = Array.from({ length: count }, (_, i) => i);
  const plan: Fault[] = [];
  for (let at = FIRST_MS; at < DURATION_MS; at += APART_MS) {
    plan.push({ kind, at, until: at + ATTACK_MS, nodes, amount: 1000 * seed + at });
  }
  return simulate({ protocol, validators, seed, durationMs: DURATION_MS, plan }).violations[0]?.check;
}

describe.each(['twins', 'equivocate'] as const)('%s', (kind) => {
  it('of f + 1 fork the chain, and the checks see it', () => {
    const forks = SEEDS.filter((seed) => FORK.has(attack(kind, 4, faultsTolerated(4, 'byzantine') + 1, seed) ?? ''));
    expect(forks).not.toEqual([]);
  });

  it.each(SEEDS)('of f do no harm, seed %i', (seed) => {
    expect(attack(kind, 4, faultsTolerated(4, 'byzantine'), seed)).toBeUndefined();
  });
});
