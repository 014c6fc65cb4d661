import { describe, expect, it } from 'vitest';
import { type PlannedTransaction, planChain, RECORDS_PER_NODE } from '../../bench/scale/chain-plan.ts';
import { readScaleOptions } from '../../bench/scale/options.ts';

describe('options of the axes', () => {
  it('have defaults', () => {
    expect(readScaleOptions([])).toEqual({
      axes: {
        validators: [3, 5, 7, 9],
        keys: [10_000, 100_000, 1_000_000, 3_000_000],
        heights: [1000, 100_000],
        clients: [1, 10, 100, 1000],
      },
      ...{ seconds: 5, runs: 3, warmUpSeconds: 5, json: false, save: true },
    });
  });

  it('leave an axis out', () => {
    const { axes, save } = readScaleOptions(['--validators', 'none', '--clients', '7', '--no-save']);
    expect([axes.validators, axes.clients, save]).toEqual([[], [7], false]);
  });

  it.each([['--keys', '1000,'], ['--validators', '0'], ['--heights', 'many'], ['--clients', '1e3'], ['--depth']])(
    'are not %s %s',
    (...words) => {
      expect(() => readScaleOptions(words)).toThrow();
    },
  );
});

describe('the plan of a chain', () => {
  const created = (blocks: readonly (readonly PlannedTransaction[])[]): number[] =>
    blocks
      .flat()
      .flatMap((one) => (one.kind === 'create' ? Array.from({ length: one.count }, (_, i) => one.from + i) : []));

  it.each([
    { keys: 3, heights: 1, blocks: 1 },
    { keys: 30, heights: 10, blocks: 10 },
    { keys: 3_000, heights: 7, blocks: 7 },
    { keys: 90, heights: 1_000, blocks: 1_000 },
    { keys: 60_000, heights: 2, blocks: 6 },
  ])('of $keys keys in $heights blocks makes each node once, evenly', ({ keys, heights, blocks }) => {
    const plan = [...planChain(keys, heights)];
    const nodes = created(plan);
    expect(plan).toHaveLength(blocks);
    expect(nodes).toEqual(Array.from({ length: Math.ceil(keys / RECORDS_PER_NODE) }, (_, i) => i));
    const perBlock = plan.map((block) => created([block]).length);
    expect(Math.max(...perBlock) - Math.min(...perBlock)).toBeLessThanOrEqual(1);
  });

  it('changes only nodes that are there, and leaves no block empty', () => {
    let made = 0;
    for (const block of planChain(90, 1_000)) {
      expect(block.length).toBeGreaterThan(0);
      for (const one of block) {
        if (one.kind === 'set') expect(one.node).toBeLessThan(made);
        else made += one.count;
      }
    }
  });
});
