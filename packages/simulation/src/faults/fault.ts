import type { WriteBoundary } from '../world/node.ts';

/** What befalls machines, disks, clocks and networks. */
const MACHINE_KINDS = [
  'loss',
  'duplication',
  'reordering',
  'delay',
  'partition',
  'one-way',
  'kill',
  'power',
  'write-boundary',
  'storm',
  'pause',
  'slow-node',
  'slow-disk',
  'write-error',
  'disk-full',
  'clock-skew',
  'clock-jump',
  'repeat',
  'rot-block',
  'rot-engine',
  'lost-batch',
  'backup',
] as const;
/** What only validators do that lie. */
const LIAR_KINDS = [
  'twins',
  'equivocate',
  'withhold',
  'forge',
  'amnesia',
  'garbage',
  'flood',
  'lying-sync',
  'odd-seal',
] as const;

/** Every kind of fault, by the name that `--faults` takes. */
export const FAULT_KINDS: readonly FaultKind[] = [...MACHINE_KINDS, ...LIAR_KINDS];

export type FaultKind = (typeof MACHINE_KINDS)[number] | (typeof LIAR_KINDS)[number];

/** Faults after which a validator must not vote any more: they strike at most f of a configuration. */
export const VOTE_COSTING: ReadonlySet<FaultKind> = new Set<FaultKind>(['rot-engine', 'lost-batch', 'backup']);

/** Kinds of lies: they strike at most f together with what costs votes, and no crash protocol. */
export const BYZANTINE: ReadonlySet<FaultKind> = new Set<FaultKind>(LIAR_KINDS);

/** The validators that `plan` makes lie, by position. */
export function liarsIn(plan: readonly Fault[]): ReadonlySet<number> {
  return new Set(plan.filter(({ kind }) => BYZANTINE.has(kind)).flatMap(({ nodes }) => nodes));
}

/** Stands in a fault's nodes for whoever leads when it begins. */
export const LEADER = -1;

/** One fault of a plan: when, and to whom. Times are virtual milliseconds, nodes positions in the configuration. */
export interface Fault {
  readonly kind: FaultKind;
  readonly at: number;
  /** When it is over; a crashed process starts again, a backup made at `at` is restored. */
  readonly until: number;
  readonly nodes: readonly number[];
  /** Probability, milliseconds or a position, as the kind has it. */
  readonly amount: number;
  /** Which links stay, as a bit for each pair of nodes: for partitions. */
  readonly graph?: number;
  readonly boundary?: WriteBoundary;
  /** A lie that goes on when everything else heals. */
  readonly isLasting?: boolean;
}

/** The pairs of `n` nodes in a fixed order: bit `i` of a graph is pair `i`. */
export function pairsOf(n: number): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) pairs.push([a, b]);
  return pairs;
}

/** One line for a report. */
export function describeFault(fault: Fault): string {
  const nodes = fault.nodes.map((node) => (node === LEADER ? 'the leader' : `validator-${node + 1}`)).join(', ');
  const graph = fault.graph === undefined ? '' : ` graph ${fault.graph.toString(2)}`;
  const boundary = fault.boundary === undefined ? '' : ` ${fault.boundary} the write`;
  const end = fault.isLasting ? 'to the end' : `until ${fault.until} ms`;
  return `${fault.kind}${boundary}${graph} ${nodes} (${fault.amount}) ${end}`;
}
