import { describe, expect, it } from 'vitest';
import {
  BYZANTINE,
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  LEADER,
  liarsIn,
  pairsOf,
  VOTE_COSTING,
} from '../../src/faults/fault.ts';
import { drawPlan, type PlanOptions } from '../../src/faults/plan.ts';

const DURATION_MS = 30_000;
/** What there is where nobody lies. */
const CRASH_KINDS = FAULT_KINDS.filter((kind) => !BYZANTINE.has(kind));
/** The longest that any fault lasts, milliseconds. */
const FAULT_MS_MAX = 6000;
/** How much later than the last of the others a companion, or a fault of a burst, begins, milliseconds. */
const LATER_MS_MAX = 2400;
const SEEDS = Array.from({ length: 500 }, (_, i) => i + 1);

function planOf(seed: number, options: Partial<PlanOptions> = {}): Fault[] {
  const defaults = {
    validators: 3,
    votesMax: 1,
    faultModel: 'crash',
    kinds: FAULT_KINDS,
    durationMs: DURATION_MS,
  } as const;
  return drawPlan({ seed, ...defaults, ...options });
}

/** Faults after which the disk of a validator may be beyond mending. */
const UNLUCKY_ONLY: ReadonlySet<FaultKind> = new Set([...VOTE_COSTING, 'rot-block']);

describe('a plan', () => {
  it('is the same for the same seed, and another for another seed or size', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
    expect(planOf(7)).not.toEqual(planOf(7, { validators: 5 }));
    expect(new Set(SEEDS.map((seed) => JSON.stringify(planOf(seed)))).size).toBe(SEEDS.length);
  });

  it.each([
    { validators: 3, votesMax: 1 },
    { validators: 4, votesMax: 1 },
    { validators: 5, votesMax: 2 },
    { validators: 7, votesMax: 3 },
    { validators: 2, votesMax: 0 },
  ])('costs at most $votesMax of $validators validators their vote', (size) => {
    const struckMost = SEEDS.map((seed) => {
      const struck = planOf(seed, size).filter(({ kind }) => UNLUCKY_ONLY.has(kind));
      // Whoever leads would be another one each time.
      for (const { nodes } of struck) expect(nodes).not.toContain(LEADER);
      return new Set(struck.flatMap(({ nodes }) => nodes)).size;
    });
    expect(Math.max(...struckMost)).toBe(size.votesMax);
  });

  it('holds only kinds that were asked for, over many seeds every one, and none where none are', () => {
    expect(planOf(1, { kinds: [] })).toEqual([]);
    for (const kinds of [['loss'], ['power', 'write-boundary'], ['rot-block', 'backup', 'partition']] as const) {
      const drawn = SEEDS.slice(0, 50).flatMap((seed) => planOf(seed, { kinds }).map(({ kind }) => kind));
      expect(new Set(drawn)).toEqual(new Set<FaultKind>(kinds));
    }
    expect(new Set(SEEDS.flatMap((seed) => planOf(seed).map(({ kind }) => kind)))).toEqual(new Set(CRASH_KINDS));
    // What costs votes cannot strike where nobody may lose one.
    expect(planOf(1, { votesMax: 0, kinds: ['rot-engine', 'lost-batch', 'backup', 'rot-block'] })).toEqual([]);
  });

  it('differs in character: seeds leave kinds out, but mix at least three', () => {
    for (const seed of SEEDS) {
      const kinds = new Set(planOf(seed).map(({ kind }) => kind));
      expect(kinds.size, `seed ${seed}`).toBeGreaterThanOrEqual(3);
      expect(kinds.size, `seed ${seed}`).toBeLessThan(CRASH_KINDS.length);
    }
  });

  it.each([5000, DURATION_MS])('of %i ms keeps to its times, in order', (durationMs) => {
    for (const seed of SEEDS) {
      const plan = planOf(seed, { durationMs });
      expect(plan.length).toBeGreaterThanOrEqual(5);
      expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).sort((a, b) => a - b));
      for (const { at, until } of plan) {
        expect(at).toBeGreaterThanOrEqual(1500);
        expect(at).toBeLessThan(durationMs + LATER_MS_MAX);
        expect(until).toBeGreaterThan(at);
        expect(until - at).toBeLessThanOrEqual(FAULT_MS_MAX);
      }
    }
  });

  it('aims at nodes that there are, at the leader often, and says how hard', () => {
    const shares = { loss: [0.02, 0.4], duplication: [0.05, 0.6], reordering: [0.05, 0.6] } as const;
    let atLeader = 0;
    let single = 0;
    for (const seed of SEEDS) {
      for (const { kind, nodes, amount, boundary, graph } of planOf(seed, { validators: 5, votesMax: 2 })) {
        for (const node of nodes) expect(node === LEADER || (node >= 0 && node < 5)).toBe(true);
        expect(new Set(nodes).size === nodes.length || nodes.includes(LEADER)).toBe(true);
        expect(nodes.length > 0 || kind === 'partition').toBe(true);
        expect(boundary !== undefined).toBe(kind === 'write-boundary');
        // A partition cuts nodes off, or leaves a graph of links.
        expect(graph !== undefined).toBe(kind === 'partition' && nodes.length === 0);
        if (nodes.length === 1) single += 1;
        if (nodes.length === 1 && nodes[0] === LEADER) atLeader += 1;
        const range = (shares as Partial<Record<FaultKind, readonly [number, number]>>)[kind];
        if (range) expect(amount >= range[0] && amount <= range[1], `${kind} ${amount}`).toBe(true);
      }
    }
    expect(atLeader / single).toBeGreaterThan(0.3);
    expect(atLeader / single).toBeLessThan(0.7);
  });
});

describe('a plan for liars', () => {
  const byzantine = { validators: 7, votesMax: 2, faultModel: 'byzantine' } as const;

  it('is the same as ever where nobody may lie', () => {
    for (const seed of SEEDS.slice(0, 50)) expect(planOf(seed)).toEqual(planOf(seed, { kinds: CRASH_KINDS }));
  });

  it('holds every kind over many seeds', () => {
    const drawn = new Set(SEEDS.flatMap((seed) => planOf(seed, byzantine).map(({ kind }) => kind)));
    expect(drawn).toEqual(new Set(FAULT_KINDS));
  });

  it.each([
    { validators: 4, votesMax: 1 },
    { validators: 7, votesMax: 2 },
    { validators: 3, votesMax: 0 },
  ])('makes liars of $votesMax of $validators at most, together with those who lose their vote', (size) => {
    const shares = SEEDS.map((seed) => {
      const plan = planOf(seed, { ...byzantine, ...size });
      const liars = liarsIn(plan);
      const others = new Set(plan.filter(({ kind }) => UNLUCKY_ONLY.has(kind)).flatMap(({ nodes }) => nodes));
      for (const node of others) expect(liars.has(node)).toBe(false);
      expect(liars.size + others.size).toBeLessThanOrEqual(size.votesMax);
      return liars.size;
    });
    expect(new Set(shares)).toEqual(new Set(Array.from({ length: size.votesMax + 1 }, (_, i) => i)));
  });

  it('mixes at least three kinds, also where nobody of those who could lie does', () => {
    for (const seed of [...SEEDS, 700_252]) {
      const kinds = new Set(planOf(seed, { ...byzantine, validators: 4, votesMax: 1 }).map(({ kind }) => kind));
      expect(kinds.size, `seed ${seed}`).toBeGreaterThanOrEqual(3);
    }
  });

  it('lets some lies go on to the end, but no twins and no amnesia', () => {
    const lasting = SEEDS.flatMap((seed) => planOf(seed, byzantine)).filter(({ isLasting }) => isLasting);
    expect(lasting.length).toBeGreaterThan(SEEDS.length / 10);
    for (const { kind } of lasting) expect(BYZANTINE.has(kind) && kind !== 'twins' && kind !== 'amnesia').toBe(true);
  });
});

describe('partitions', () => {
  function graphsOf(validators: number, seeds: number): Set<number> {
    const drawn = Array.from({ length: seeds }, (_, seed) => planOf(seed, { validators, kinds: ['partition'] }));
    return new Set(drawn.flat().flatMap(({ graph }) => graph ?? []));
  }

  it.each([2, 3, 4])('of %i nodes take every graph there is', (validators) => {
    const all = Array.from({ length: 2 ** pairsOf(validators).length }, (_, graph) => graph);
    expect([...graphsOf(validators, 200)].sort((a, b) => a - b)).toEqual(all);
  });

  it('of seven nodes are graphs of its 21 pairs, all kept and none among them or not', () => {
    for (const graph of graphsOf(7, 100)) {
      expect(Number.isInteger(graph) && graph >= 0 && graph < 2 ** 21).toBe(true);
    }
  });

  it('have a chain, a bridge, a ring, a star and a node alone among five', () => {
    const drawn = new Set([...graphsOf(5, 300)].map(degreesOf));
    for (const degrees of ['1 1 2 2 2', '1 2 2 2 3', '2 2 2 2 2', '1 1 1 1 4', '0 3 3 3 3']) {
      expect(drawn, degrees).toContain(degrees);
    }
  });
});

/** How many peers each of five nodes still hears, ascending. */
function degreesOf(graph: number): string {
  const degrees = [0, 0, 0, 0, 0];
  pairsOf(5).forEach(([a, b], i) => {
    if (!(graph & (1 << i))) return;
    degrees[a] = (degrees[a] ?? 0) + 1;
    degrees[b] = (degrees[b] ?? 0) + 1;
  });
  return degrees.sort().join(' ');
}
