import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../src/world/scheduler.ts';

const never = (): boolean => false;

/** Something that happens `after` milliseconds, and then arranges for the rest. */
interface Plan {
  readonly after: number;
  readonly next: readonly Plan[];
}

const plansOf = (depth: number): fc.Arbitrary<readonly Plan[]> =>
  fc.array(fc.record({ after: fc.nat(5), next: depth === 0 ? fc.constant([]) : plansOf(depth - 1) }), { maxLength: 5 });

/** What happens when: `[time, name]`, told by the scheduler. */
function happenings(list: readonly Plan[], end: number): [number, number][] {
  const scheduler = new Scheduler();
  const seen: [number, number][] = [];
  let names = 0;
  const arrange = ({ after, next }: Plan): void => {
    const name = names++;
    scheduler.after(after, () => {
      seen.push([scheduler.now, name]);
      next.forEach(arrange);
    });
  };
  list.forEach(arrange);
  scheduler.run(end, never);
  return seen;
}

/** The same by a list that is sorted again for every step; sorting is stable, so insertion breaks ties. */
function happeningsSlow(list: readonly Plan[], end: number): [number, number][] {
  const seen: [number, number][] = [];
  let names = 0;
  let due: { at: number; name: number; plan: Plan }[] = [];
  const arrange = (now: number, plan: Plan): void => void due.push({ at: now + plan.after, name: names++, plan });
  for (const plan of list) arrange(0, plan);
  for (;;) {
    due = due.sort((a, b) => a.at - b.at);
    const first = due[0];
    if (first === undefined || first.at > end) return seen;
    due.shift();
    seen.push([first.at, first.name]);
    for (const plan of first.plan.next) arrange(first.at, plan);
  }
}

describe('the scheduler', () => {
  it('runs things by time, then by insertion, as a sorted list does', () => {
    fc.assert(
      fc.property(plansOf(3), fc.nat(12), (list, end) => {
        expect(happenings(list, end)).toEqual(happeningsSlow(list, end));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 300 }), (times) => {
        const list = times.map((after) => ({ after, next: [] }));
        expect(happenings(list, 40)).toEqual(happeningsSlow(list, 40));
      }),
    );
  });

  it('ends at the end, with what is due then done and the rest left', () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    for (const at of [3, 10, 11]) scheduler.after(at, () => seen.push(at));
    scheduler.run(10, never);
    expect(scheduler.now).toBe(10);
    expect(seen).toEqual([3, 10]);
    scheduler.after(0, () => seen.push(scheduler.now));
    scheduler.run(11, never);
    expect(seen).toEqual([3, 10, 10, 11]);
    scheduler.run(500, never);
    expect(scheduler.now).toBe(500);
  });

  it('ends early when it is done, right after the event that made it so', () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    for (const at of [1, 2, 2, 3]) scheduler.after(at, () => seen.push(at));
    scheduler.run(10, () => seen.length === 2);
    expect(seen).toEqual([1, 2]);
    expect(scheduler.now).toBe(2);
    scheduler.run(10, never);
    expect(seen).toEqual([1, 2, 2, 3]);
  });
});
