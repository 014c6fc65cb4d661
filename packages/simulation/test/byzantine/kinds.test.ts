import { describe, expect, it } from 'vitest';
import { BYZANTINE, type Fault } from '../../src/faults/fault.ts';
import { simulatedProtocol } from '../../src/runner/protocols.ts';
import { type SimulationResult, simulate } from '../../src/simulation.ts';

const protocol = simulatedProtocol('tendermint');
const DURATION_MS = 7000;
const LIE_MS = 1700;

/** Lies of one kind, one after another, by a single validator; `isLasting`: the last one never ends. */
function lie(kind: Fault['kind'], seed: number, isLasting: boolean): SimulationResult {
  const plan = Array.from({ length: 3 }, (_, i): Fault => {
    const at = 1500 + i * LIE_MS;
    return {
      kind,
      at,
      until: at + LIE_MS,
      nodes: [seed % 4],
      amount: seed + i,
      ...(isLasting && i === 2 && { isLasting }),
    };
  });
  return simulate({ protocol, validators: 4, seed, durationMs: DURATION_MS, plan });
}

describe.each([...BYZANTINE])('%s', (kind) => {
  it('happens, and does no harm', () => {
    const { violations, faults, livenessMs } = lie(kind, 1, false);
    expect(violations).toEqual([]);
    expect(faults[kind]).toBeGreaterThanOrEqual(1);
    expect(livenessMs).toBeDefined();
  });
});

it.each(['equivocate', 'withhold', 'forge', 'garbage', 'flood', 'lying-sync', 'odd-seal'] as const)(
  'the others make progress while %s goes on for ever',
  (kind) => {
    const { violations, faults } = lie(kind, 3, true);
    expect(violations).toEqual([]);
    expect(faults[kind]).toBeGreaterThanOrEqual(2);
  },
);
