import type { FaultModel } from '@varve/consensus';
import { Dice } from '../world/dice.ts';
import { BYZANTINE, type Fault, type FaultKind, LEADER, pairsOf, VOTE_COSTING } from './fault.ts';

/** What a plan is drawn for. */
export interface PlanOptions {
  readonly seed: number;
  readonly validators: number;
  /** How many validators may lose their vote for good, or lie. */
  readonly votesMax: number;
  readonly faultModel: FaultModel;
  readonly kinds: readonly FaultKind[];
  /** Faults begin before this, virtual milliseconds. */
  readonly durationMs: number;
}

/** The cluster gets this long before the first fault, but at most half of the time; milliseconds. */
const QUIET_MS = 1500;
/** One fault about this often, milliseconds. */
const FAULT_INTERVAL_MS = 1100;
/** How often a fault does not come alone, and how long after it the next strikes; milliseconds. */
const COMPANION_SHARE = 0.4;
const COMPANION_MS_MAX = 700;
/** Most faults are short; some last longer than election timeouts, and until others give up waiting. Milliseconds. */
const SHORT_MS_MAX = 1800;
const LONG_MS_MAX = 5000;
const LONG_SHARE = 0.2;
/** About this often many faults come within moments: what an election or a commit has to survive takes milliseconds. */
const BURST_INTERVAL_MS = 10_000;
const BURST_MS_MAX = 1500;
const BURST_FAULTS_MIN = 4;
const BURST_FAULTS_MAX = 12;
/** How long a fault of a burst lasts: this, up to 8 times doubled, milliseconds. */
const BURST_FAULT_MS_MIN = 4;
/** How often the leader is out of reach meanwhile, from how long before to how long after the first of them. */
const ELECTION_SHARE = 0.5;
const ELECTION_MS_MIN = 300;
const ELECTION_MS_MAX = 900;
const OUTAGE_MS_MAX = 2500;
const OUTAGE_KINDS: readonly FaultKind[] = ['kill', 'pause', 'partition'];
/** What happens within moments. */
const BURST_KINDS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'loss',
  'reordering',
  'delay',
  'partition',
  'one-way',
  'kill',
  'power',
  'write-boundary',
  'pause',
  'slow-disk',
]);
/** How often one of the validators that may be faulty lies, and does not lose its vote. */
const LIAR_SHARE = 0.7;
/** How long a lie is kept up, milliseconds, and how often to the end of the run. */
const LIE_MS_MIN = 500;
const LIE_MS_MAX = 8000;
const LASTING_SHARE = 0.15;
/** How often all liars do the same. */
const CONSPIRACY_SHARE = 0.6;
/** At least so many kinds take part, where there are as many. */
const KINDS_MIN = 6;
/** Of which so many may strike anybody, where validators lie: who could lie may be honest, and nothing else would happen. */
const COMMON_KINDS_MIN = 3;

/**
 * Draws what will go wrong: first which kinds take part at all, so that seeds differ in character, then each fault.
 * Vote-costing faults and rot strike only the few validators that this plan lets lose their vote, and others of those few
 * lie.
 */
export function drawPlan(options: PlanOptions): Fault[] {
  const { seed, validators, votesMax, durationMs, faultModel } = options;
  const kinds = faultModel === 'byzantine' ? options.kinds : options.kinds.filter((kind) => !BYZANTINE.has(kind));
  if (kinds.length === 0) return [];
  const dice = new Dice(`plan ${seed} ${validators}`);
  const wanted = Math.max(Math.min(KINDS_MIN, kinds.length), Math.round(kinds.length * (dice.between(25, 70) / 100)));
  const sampled = dice.sample(kinds, wanted);
  const chosen = faultModel === 'byzantine' ? withCommon(sampled, kinds, seed) : sampled;
  const unlucky = dice.sample(
    Array.from({ length: validators }, (_, i) => i),
    votesMax,
  );
  const liars = faultModel === 'byzantine' ? unlucky.splice(0, drawLiars(dice, chosen, votesMax)) : [];
  const count = Math.max(8, Math.round(durationMs / FAULT_INTERVAL_MS));
  const faults: Fault[] = [];
  for (let i = 0; i < count; i++) {
    const at = dice.between(Math.min(QUIET_MS, durationMs >> 1), durationMs - 1);
    const kind = dice.pick(chosen);
    if (BYZANTINE.has(kind) ? liars.length === 0 : isUnluckyOnly(kind) && unlucky.length === 0) continue;
    const fault = BYZANTINE.has(kind) ? drawLie(dice, kind, at, liars) : drawFault(dice, kind, at, validators, unlucky);
    faults.push(fault);
    if (dice.chance(COMPANION_SHARE)) faults.push(...drawCompanion(dice, chosen, fault, validators));
  }
  const brief = chosen.filter((kind) => BURST_KINDS.has(kind));
  const bursts = brief.length === 0 ? 0 : Math.round(durationMs / BURST_INTERVAL_MS);
  for (let i = 0; i < bursts; i++) {
    const at = dice.between(Math.min(QUIET_MS, durationMs >> 1), durationMs - 1);
    faults.push(...drawBurst(dice, brief, at, validators));
  }
  return faults.sort((a, b) => a.at - b.at);
}

/** `chosen`, and as many others of `kinds` as it lacks of those that may strike anybody. */
function withCommon(chosen: readonly FaultKind[], kinds: readonly FaultKind[], seed: number): readonly FaultKind[] {
  const isCommon = (kind: FaultKind): boolean => !BYZANTINE.has(kind) && !isUnluckyOnly(kind);
  const missing = COMMON_KINDS_MIN - chosen.filter(isCommon).length;
  if (missing <= 0) return chosen;
  const others = kinds.filter((kind) => isCommon(kind) && !chosen.includes(kind));
  return [...chosen, ...new Dice(`common kinds ${seed}`).sample(others, Math.min(missing, others.length))];
}

/** Many short faults at nearly the same time; often while a new leader is elected, when little is settled. */
function drawBurst(dice: Dice, kinds: readonly FaultKind[], at: number, n: number): Fault[] {
  const outages = OUTAGE_KINDS.filter((kind) => kinds.includes(kind));
  if (outages.length === 0 || !dice.chance(ELECTION_SHARE)) return drawBrief(dice, kinds, at, n);
  const from = at + dice.between(ELECTION_MS_MIN, ELECTION_MS_MAX);
  const outage: Fault = {
    kind: dice.pick(outages),
    at,
    until: dice.between(from, at + OUTAGE_MS_MAX),
    nodes: [LEADER],
    amount: 0,
  };
  return [outage, ...drawBrief(dice, kinds, from, n)];
}

function drawBrief(dice: Dice, kinds: readonly FaultKind[], from: number, n: number): Fault[] {
  const lasting = dice.between(50, BURST_MS_MAX);
  const count = dice.between(BURST_FAULTS_MIN, BURST_FAULTS_MAX);
  return Array.from({ length: count }, () => {
    const at = from + dice.between(0, lasting);
    const fault = drawFault(dice, dice.pick(kinds), at, n, []);
    const unit = BURST_FAULT_MS_MIN * 2 ** dice.between(0, 7);
    return { ...fault, until: at + dice.between(unit, 2 * unit) };
  });
}

/** Another fault, of the same nodes or of the leader, while the first still lasts: bugs need two causes more often than one. */
function drawCompanion(dice: Dice, chosen: readonly FaultKind[], first: Fault, n: number): Fault[] {
  const kind = dice.pick(chosen);
  if (isUnluckyOnly(kind) || BYZANTINE.has(kind) || first.nodes.length === 0) return [];
  const fault = drawFault(dice, kind, first.at + dice.between(0, COMPANION_MS_MAX), n, []);
  if (fault.nodes.length !== 1) return [fault];
  // A follower that lags matters when the leader dies, and a leader that hangs when it dies itself.
  const isLeader = first.nodes.includes(LEADER) !== dice.chance(0.6);
  return [{ ...fault, nodes: isLeader ? [LEADER] : first.nodes.slice(0, 1) }];
}

/** How many of those that may be faulty lie; the others may lose their vote. */
function drawLiars(dice: Dice, chosen: readonly FaultKind[], votesMax: number): number {
  if (!chosen.some((kind) => BYZANTINE.has(kind))) return 0;
  if (!chosen.some(isUnluckyOnly)) return votesMax;
  return Array.from({ length: votesMax }, () => dice.chance(LIAR_SHARE)).filter(Boolean).length;
}

function drawLie(dice: Dice, kind: FaultKind, at: number, liars: readonly number[]): Fault {
  const nodes = dice.chance(CONSPIRACY_SHARE) ? [...liars] : [dice.pick(liars)];
  const until = at + dice.between(LIE_MS_MIN, LIE_MS_MAX);
  const canLast = kind !== 'twins' && kind !== 'amnesia';
  const isLasting = dice.chance(LASTING_SHARE) && canLast;
  return { kind, at, until, nodes, amount: dice.between(0, 1_000_000), ...(isLasting && { isLasting }) };
}

/** Rot of blocks can cost a disk too, where what would mend it rots as well. */
function isUnluckyOnly(kind: FaultKind): boolean {
  return VOTE_COSTING.has(kind) || kind === 'rot-block';
}

function drawFault(dice: Dice, kind: FaultKind, at: number, n: number, unlucky: readonly number[]): Fault {
  const all = Array.from({ length: n }, (_, i) => i);
  const short =
    at + (dice.chance(LONG_SHARE) ? dice.between(SHORT_MS_MAX, LONG_MS_MAX) : dice.between(100, SHORT_MS_MAX));
  const base = { kind, at, until: short, nodes: [] as number[], amount: 0 };
  if (isUnluckyOnly(kind)) {
    const amount = dice.between(0, 1_000_000);
    return { ...base, nodes: [dice.pick(unlucky)], amount, until: at + dice.between(300, 6000) };
  }
  switch (kind) {
    case 'loss':
      return { ...base, nodes: drawSome(dice, all), amount: dice.between(2, 40) / 100 };
    case 'duplication':
    case 'reordering':
      return { ...base, nodes: drawSome(dice, all), amount: dice.between(5, 60) / 100 };
    case 'delay':
      return { ...base, nodes: drawSome(dice, all), amount: dice.between(20, 600) };
    case 'partition':
      // One node alone, most often the leader, or any graph.
      return dice.chance(0.4) ? { ...base, nodes: drawOne(dice, all) } : { ...base, graph: drawGraph(dice, n) };
    case 'one-way':
      return {
        ...base,
        nodes: dice.chance(0.3) ? [LEADER, dice.pick(all)] : dice.sample(all, 2),
        amount: dice.between(0, 1),
      };
    case 'kill':
    case 'power':
      return { ...base, nodes: drawSome(dice, all) };
    case 'write-boundary':
      return {
        ...base,
        nodes: drawOne(dice, all),
        amount: dice.between(0, 1),
        boundary: dice.pick(['before', 'during', 'after', 'answered'] as const),
      };
    case 'storm':
      return { ...base, nodes: all, amount: dice.between(2, 4), until: at + dice.between(500, 1500) };
    case 'pause':
      return { ...base, nodes: drawSome(dice, all) };
    case 'repeat':
      return { ...base, nodes: [LEADER] };
    case 'slow-node':
      return { ...base, nodes: drawOne(dice, all), amount: dice.between(2, 30) };
    case 'slow-disk':
      return { ...base, nodes: drawSome(dice, all), amount: dice.between(50, 1500) };
    case 'clock-skew':
      return { ...base, nodes: drawOne(dice, all), amount: dice.between(-5000, 5000) };
    case 'clock-jump':
      return { ...base, nodes: drawOne(dice, all), amount: dice.pick([-3_600_000, -60_000, 60_000, 3_600_000]) };
    default:
      return { ...base, nodes: drawOne(dice, all) };
  }
}

/** Half the time whoever leads: nobody else's faults matter as much. */
function drawOne(dice: Dice, all: readonly number[]): number[] {
  return [dice.chance(0.5) ? LEADER : dice.pick(all)];
}

/** Mostly one node, sometimes several, rarely all. */
function drawSome(dice: Dice, all: readonly number[]): number[] {
  return dice.chance(0.7) ? drawOne(dice, all) : dice.sample(all, dice.between(1, all.length));
}

/** Any graph, with the notorious ones more often: one node alone, a chain, a bridge, a ring, a star. */
function drawGraph(dice: Dice, n: number): number {
  const pairs = pairsOf(n);
  const order = dice.sample(
    Array.from({ length: n }, (_, i) => i),
    n,
  );
  const graph = (keeps: (a: number, b: number) => boolean): number =>
    pairs.reduce((bits, [a, b], i) => bits | (keeps(order.indexOf(a), order.indexOf(b)) ? 1 << i : 0), 0);
  switch (dice.between(0, 9)) {
    case 0:
    case 1:
      return graph((a, b) => a !== 0 && b !== 0);
    case 2:
      return graph((a, b) => Math.abs(a - b) === 1);
    case 3:
      return graph((a, b) => a === 0 || b === 0);
    case 4:
      return graph((a, b) => Math.abs(a - b) === 1 || Math.abs(a - b) === n - 1);
    case 5:
      // Two halves that only one node connects.
      return graph((a, b) => a === 0 || b === 0 || a <= n >> 1 === b <= n >> 1);
    case 6:
      return graph((a, b) => a < n >> 1 === b < n >> 1);
    default:
      return dice.between(0, 2 ** pairs.length - 1);
  }
}
