import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/faults/fault.ts';
import { shrinkPlan } from '../../src/runner/shrink.ts';

function planOf(count: number): Fault[] {
  return Array.from({ length: count }, (_, at) => ({ kind: 'loss', at, until: at + 1, nodes: [0], amount: 1 }));
}

function timesOf(plan: readonly Fault[]): number[] {
  return plan.map(({ at }) => at);
}

/** Fails where all of `needed` are there. */
const needs =
  (needed: readonly number[]) =>
  (plan: readonly Fault[]): boolean =>
    needed.every((at) => plan.some((fault) => fault.at === at));

const ENOUGH = 10_000;

describe('shrinking a plan', () => {
  it.each([
    { count: 1, needed: [0] },
    { count: 8, needed: [3] },
    { count: 40, needed: [0, 39] },
    { count: 40, needed: [17, 18] },
    { count: 33, needed: [1, 16, 32] },
    { count: 5, needed: [0, 1, 2, 3, 4] },
    { count: 20, needed: [] },
  ])('of $count faults keeps just $needed, which are needed together', ({ count, needed }) => {
    expect(timesOf(shrinkPlan(planOf(count), needs(needed), ENOUGH))).toEqual(needed);
  });

  it('finds any needed faults among any others, in their order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(29), { maxLength: 5 }), (needed) => {
        const plan = planOf(30);
        expect(timesOf(shrinkPlan(plan, needs(needed), ENOUGH))).toEqual(needed.toSorted((a, b) => a - b));
        expect(plan).toEqual(planOf(30));
      }),
    );
  });

  it('finds one of several causes', () => {
    const fails = (plan: readonly Fault[]): boolean => needs([4, 9])(plan) || needs([20])(plan);
    expect([[4, 9], [20]]).toContainEqual(timesOf(shrinkPlan(planOf(30), fails, ENOUGH)));
  });

  it('ends with a failing plan of which no single fault can go, where fewer faults may fail less or more', () => {
    // One random verdict per plan: nothing follows from it for shorter ones.
    fc.assert(
      fc.property(fc.func(fc.boolean()), fc.integer({ min: 1, max: 12 }), (verdict, count) => {
        const whole = planOf(count);
        const fails = (plan: readonly Fault[]): boolean => plan.length === count || verdict(timesOf(plan).join());
        const shortest = shrinkPlan(whole, fails, ENOUGH);
        expect(fails(shortest)).toBe(true);
        for (const [i] of shortest.entries()) expect(fails(shortest.toSpliced(i, 1))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('makes no more runs than it may, and gives the best so far', () => {
    fc.assert(
      fc.property(fc.nat(20), (runsMax) => {
        let runs = 0;
        const fails = (plan: readonly Fault[]): boolean => {
          runs += 1;
          return needs([7, 21])(plan);
        };
        const best = shrinkPlan(planOf(32), fails, runsMax);
        expect(runs).toBeLessThanOrEqual(runsMax);
        expect(needs([7, 21])(best)).toBe(true);
        if (runsMax === 0) expect(best).toEqual(planOf(32));
        if (runsMax === 20) expect(best.length).toBeLessThan(20);
      }),
    );
  });

  it('tries few plans where one fault does it all', () => {
    let runs = 0;
    shrinkPlan(
      planOf(64),
      (plan) => {
        runs += 1;
        return needs([40])(plan);
      },
      ENOUGH,
    );
    expect(runs).toBeLessThan(20);
  });
});
