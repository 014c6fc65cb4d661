import type { Fault } from '../faults/fault.ts';

/**
 * The shortest list of faults that still fails, by delta debugging (Zeller and Hildebrandt 2002, ddmin): halves, then
 * smaller and smaller parts are left out as long as the run fails without them.
 * @param fails - Whether a run with these faults still fails in the same way.
 * @param runsMax - Runs after which the best so far has to do.
 */
export function shrinkPlan(
  plan: readonly Fault[],
  fails: (plan: readonly Fault[]) => boolean,
  runsMax: number,
): readonly Fault[] {
  let best = plan;
  let runs = 0;
  for (let parts = 2; best.length > 0 && runs < runsMax; ) {
    const size = Math.ceil(best.length / parts);
    let isSmaller = false;
    for (let from = 0; from < best.length && runs < runsMax; from += size) {
      const without = [...best.slice(0, from), ...best.slice(from + size)];
      runs += 1;
      if (!fails(without)) continue;
      best = without;
      isSmaller = true;
      break;
    }
    if (!isSmaller && size === 1) break;
    parts = Math.max(2, Math.min(isSmaller ? parts - 1 : 2 * parts, best.length));
  }
  return best;
}
