import type { Ledger } from '@varve/ledger/chain';
import type { StrikeParts } from '../byzantine/strikes.ts';
import { strikeLiar } from '../byzantine/strikes.ts';
import type { Trace } from '../trace.ts';
import { Dice } from '../world/dice.ts';
import type { LinkRule } from '../world/network.ts';
import type { Boundary, SimulatedNode } from '../world/node.ts';
import { describeFault, type Fault, type FaultKind, LEADER, pairsOf } from './fault.ts';
import { hasSpoken, isBinding } from './memory.ts';
import { BLOCK_RECORDS, ENGINE_RECORDS, flipOne } from './rot.ts';

/** How long a fault waits for its turn while another needs calm, milliseconds. */
const POSTPONED_MS = 100;
/** A node whose memory will be damaged lives this long in calm before, and at most so long after. */
const CALM_BEFORE_MS = 1500;
const CALM_AFTER_MS = 3000;
/** So many sealed blocks cannot all be unknown to everybody else. */
const SEALED_MIN = 5;
/** How long others may go by what a wrong clock said, milliseconds. */
const CLOCK_MEMORY_MS = 3500;
/** When a transport gives up a connection that carries nothing, milliseconds. */
const DROP_MS_MAX = 2500;

/** What faults act on. */
export interface DriverParts extends StrikeParts {
  readonly trace: Trace;
  readonly seed: number;
  /** So many clocks can be wrong at a time. */
  readonly wrongClocksMax: number;
  /** Nodes whose memory of what they said was damaged: the driver adds them. */
  readonly struck: Set<SimulatedNode>;
  /** Those of them that must notice at their next start, with the number of the configuration that they were struck in. */
  readonly noticing: Map<SimulatedNode, number>;
}

/** Makes the faults of a plan happen, counts those that really did, and ends them all when told to. */
export class FaultDriver {
  readonly #parts: DriverParts;
  /** Faults that had an effect, by kind. */
  readonly happened: Map<FaultKind, number> = new Map<FaultKind, number>();
  readonly #ends = new Set<() => void>();
  /** What ends the lies that outlive the healing. */
  readonly #lasting: (() => void)[] = [];
  /** The fault that needs the others to keep still. */
  #calm: Fault | undefined;
  #isOver = false;
  readonly #clockWrongUntil = new Map<SimulatedNode, number>();

  constructor(parts: DriverParts, plan: readonly Fault[]) {
    this.#parts = parts;
    for (const fault of plan) parts.scheduler.after(fault.at - parts.scheduler.now, () => this.#begin(fault));
  }

  /** Every fault ends now and none begins; what is down starts. */
  heal(): void {
    this.#isOver = true;
    for (const end of [...this.#ends]) end();
    for (const node of this.#parts.nodes) if (!node.isUp) this.#parts.operator.start(node, 1);
  }

  /** The run is over: lies that lasted are counted. */
  finish(): void {
    for (const end of this.#lasting) end();
  }

  #begin(fault: Fault): void {
    const { scheduler, trace } = this.#parts;
    if (this.#isOver) return;
    if (this.#calm !== undefined || (needsCalm(fault) && !this.#isCalm())) {
      scheduler.after(POSTPONED_MS, () => this.#begin(fault));
      return;
    }
    const aimed = { ...fault, nodes: fault.nodes.map((index) => (index === LEADER ? this.#leader(fault) : index)) };
    trace.note({ at: scheduler.now, node: 'world', kind: 'fault', text: describeFault(aimed) });
    this.#strike(aimed, fault.until - fault.at);
  }

  /** Whoever leads the latest epoch; while nobody does, any node. */
  #leader(fault: Fault): number {
    const { nodes, seed } = this.#parts;
    let best: { index: number; epoch: number } | undefined;
    for (const { index, validator } of nodes) {
      const engine = validator?.status().engine;
      if (engine?.role !== 'leader' || (best && best.epoch >= engine.epoch.number)) continue;
      best = { index, epoch: engine.epoch.number };
    }
    return best?.index ?? new Dice(`anybody ${seed} ${fault.at}`).between(0, nodes.length - 1);
  }

  #strike(fault: Fault, ms: number): void {
    const nodes = fault.nodes.flatMap((index) => this.#parts.nodes[index] ?? []);
    switch (fault.kind) {
      case 'loss':
        return this.#disturb(fault, ms, { loss: fault.amount });
      case 'duplication':
        return this.#disturb(fault, ms, { duplication: fault.amount });
      case 'reordering':
        return this.#disturb(fault, ms, { reordering: fault.amount });
      case 'delay':
        return this.#disturb(fault, ms, { delayMsMax: fault.amount });
      case 'partition':
        return this.#partition(fault, ms);
      case 'one-way':
        return this.#oneWay(fault, ms);
      case 'kill':
      case 'power':
        for (const node of nodes) this.#crash(fault.kind, node, fault.kind === 'power', ms);
        return;
      case 'write-boundary':
        for (const node of nodes) this.#crashAtWrite(fault, node, ms);
        return;
      case 'storm':
        return this.#storm(fault, nodes, ms);
      case 'pause':
        for (const node of nodes) node.pausedUntil = this.#parts.scheduler.now + ms;
        return this.#countDelayed(fault.kind, nodes, ms, () => {
          for (const node of nodes) node.pausedUntil = 0;
        });
      case 'slow-node':
        for (const node of nodes) node.stepMs = fault.amount;
        return this.#countDelayed(fault.kind, nodes, ms, () => {
          for (const node of nodes) node.stepMs = 0;
        });
      case 'slow-disk':
        for (const node of nodes) node.diskMsMax = fault.amount;
        return this.#countDelayed(fault.kind, nodes, ms, () => {
          for (const node of nodes) node.diskMsMax = 0;
        });
      case 'write-error':
        return this.#failWrites(fault.kind, nodes, 'EIO', ms);
      case 'disk-full':
        return this.#failWrites(fault.kind, nodes, 'ENOSPC', ms);
      case 'clock-skew':
      case 'clock-jump':
        return this.#skew(fault, nodes, ms);
      case 'repeat':
        return this.#repeat(fault.kind, nodes, ms);
      case 'rot-block':
        for (const node of nodes) this.#rot(fault, node, BLOCK_RECORDS, ms);
        return;
      case 'rot-engine':
        for (const node of nodes) this.#rotEngine(fault, node, ms);
        return;
      case 'lost-batch':
      case 'backup':
        for (const node of nodes) this.#loseMemory(fault, node, ms);
        return;
      default:
        for (const node of nodes) this.#lie(fault, node, ms);
        return;
    }
  }

  #lie(fault: Fault, node: SimulatedNode, ms: number): void {
    strikeLiar(this.#parts, fault, node, {
      count: (kind) => this.#count(kind),
      until: (end) => (fault.isLasting ? this.#lasting.push(end) : this.#until(ms, end)),
    });
  }

  #count(kind: FaultKind): void {
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1);
  }

  /** Runs `end` after `ms`, or when everything heals. */
  #until(ms: number, end: () => void): void {
    const once = (): void => {
      if (this.#ends.delete(once)) end();
    };
    this.#ends.add(once);
    this.#parts.scheduler.after(ms, once);
  }

  /** Links of the fault's nodes, with everybody. */
  #disturb(fault: Fault, ms: number, how: Omit<LinkRule, 'covers' | 'hits'>): void {
    this.#rule(fault.kind, ms, {
      ...how,
      covers: (a, b) => fault.nodes.includes(a) || fault.nodes.includes(b),
      hits: 0,
    });
  }

  #rule(kind: FaultKind, ms: number, rule: LinkRule): void {
    this.#parts.network.rules.add(rule);
    this.#until(ms, () => {
      this.#parts.network.rules.delete(rule);
      if (rule.hits > 0) this.#count(kind);
    });
  }

  #partition(fault: Fault, ms: number): void {
    const { scheduler, connections, nodes } = this.#parts;
    const open = new Set<number>();
    pairsOf(nodes.length).forEach(([a, b], i) => {
      if ((fault.graph ?? 0) & (1 << i)) open.add(a * 1024 + b).add(b * 1024 + a);
    });
    const isCut = (a: number, b: number): boolean =>
      fault.graph === undefined ? fault.nodes.includes(a) || fault.nodes.includes(b) : !open.has(a * 1024 + b);
    this.#rule(fault.kind, ms, { blocked: true, covers: isCut, hits: 0 });
    scheduler.after(new Dice(`drop ${this.#parts.seed} ${fault.at}`).between(50, DROP_MS_MAX), () =>
      connections.dropBlocked(),
    );
  }

  #oneWay(fault: Fault, ms: number): void {
    const [from, to] = fault.nodes;
    // From one node to another, or from one to everybody.
    const covers = (a: number, b: number): boolean => a === from && (fault.amount === 0 || b === to);
    this.#rule(fault.kind, ms, { blocked: true, covers, hits: 0 });
  }

  #crash(kind: FaultKind, node: SimulatedNode, power: boolean, ms: number): void {
    if (node.isUp) this.#count(kind);
    node.crash(power);
    this.#until(ms, () => this.#parts.operator.start(node, 1));
  }

  #crashAtWrite({ kind, boundary, amount }: Fault, node: SimulatedNode, ms: number): void {
    if (boundary === undefined || !node.isUp) return;
    const { run } = node;
    const ending: Boundary = { at: boundary, power: amount === 1 };
    node.boundary = ending;
    this.#until(ms, () => {
      if (node.run === run && node.isUp) {
        // It may be on its way already, and nobody would start the process again.
        ending.isOff = true;
        node.boundary = undefined;
        return;
      }
      this.#count(kind);
      this.#parts.operator.start(node, 1);
    });
  }

  /** All of them, again and again, a moment apart. */
  #storm(fault: Fault, nodes: readonly SimulatedNode[], ms: number): void {
    const { scheduler, operator, seed } = this.#parts;
    const dice = new Dice(`storm ${seed} ${fault.at}`);
    for (let round = 0; round < fault.amount; round++) {
      for (const node of nodes) {
        scheduler.after(round * Math.floor(ms / fault.amount) + dice.between(0, 100), () => {
          if (this.#isOver || this.#calm) return;
          if (node.isUp) this.#count(fault.kind);
          node.crash(false);
          operator.start(node, dice.between(20, 200));
        });
      }
    }
  }

  #countDelayed(kind: FaultKind, nodes: readonly SimulatedNode[], ms: number, end: () => void): void {
    const before = nodes.map((node) => node.delayed);
    this.#until(ms, () => {
      end();
      if (nodes.some((node, i) => node.delayed > (before[i] ?? 0))) this.#count(kind);
    });
  }

  #failWrites(kind: FaultKind, nodes: readonly SimulatedNode[], how: 'EIO' | 'ENOSPC', ms: number): void {
    const before = nodes.map((node) => node.failed);
    for (const node of nodes) node.failing = how;
    this.#until(ms, () => {
      for (const node of nodes) node.failing = undefined;
      if (nodes.some((node, i) => node.failed > (before[i] ?? 0))) this.#count(kind);
    });
  }

  #repeat(kind: FaultKind, nodes: readonly SimulatedNode[], ms: number): void {
    const before = nodes.map((node) => node.repeated);
    for (const node of nodes) node.isRepeating = true;
    this.#until(ms, () => {
      for (const node of nodes) node.isRepeating = false;
      if (nodes.some((node, i) => node.repeated > (before[i] ?? 0))) this.#count(kind);
    });
  }

  /** Under the running process, or found at the next start. */
  #rot(fault: Fault, node: SimulatedNode, kinds: readonly number[], ms: number): void {
    const dice = new Dice(`rot ${fault.amount}`);
    if (flipOne(dice, node.disk, kinds) !== undefined) {
      this.#count(fault.kind);
      node.isDamaged = true;
    }
    if (dice.chance(0.5)) return;
    node.crash(true);
    this.#until(ms, () => this.#parts.operator.start(node, 1));
  }

  #rotEngine(fault: Fault, node: SimulatedNode, ms: number): void {
    const ledger = node.validator?.ledger;
    node.crash(true);
    const spoke = ledger === undefined || hasSpoken(node.disk, ledger);
    const key = flipOne(new Dice(`rot ${fault.amount}`), node.disk, ENGINE_RECORDS);
    if (key !== undefined) {
      this.#count(fault.kind);
      node.isDamaged = true;
      this.#parts.struck.add(node);
      const isKnown = spoke && (ledger === undefined || isBinding(node.disk, ledger, key));
      if (isKnown) this.#parts.noticing.set(node, numberOf(ledger));
    }
    this.#until(ms, () => this.#parts.operator.start(node, 1));
  }

  /**
   * A disk that silently forgets what was synced, or an older copy of the folder. Others remember what this validator
   * said as long as their processes live, so nothing else happens meanwhile: two memories lost at once are more than
   * the fault model allows.
   */
  #loseMemory(fault: Fault, node: SimulatedNode, ms: number): void {
    const { scheduler, operator } = this.#parts;
    this.#calm = fault;
    const backup = node.disk.copy();
    const commits = node.disk.commits;
    const height = node.validator?.status().durableHeight ?? 0;
    const isVoter = node.validator?.status().mode === 'validator';
    scheduler.after(CALM_BEFORE_MS, () => {
      if (this.#isOver) {
        this.#calm = undefined;
        return;
      }
      const sealed = node.validator?.status().durableHeight ?? 0;
      const ledger = node.validator?.ledger;
      // Blocks before are of another configuration, in which it said what it seals no more.
      const from = Math.max(height, (ledger?.ruling.first ?? 0) - 1);
      node.crash(true);
      const spoke = ledger === undefined || hasSpoken(node.disk, ledger);
      const batches = Math.min(node.disk.commits - commits, node.disk.batches);
      if (batches > 0) {
        this.#count(fault.kind);
        this.#parts.struck.add(node);
        node.isDamaged = true;
        const dice = new Dice(`lost ${fault.amount}`);
        if (fault.kind === 'backup') {
          node.disk = backup;
          // Others hold seals of blocks that the backup lacks.
          if (isVoter && sealed - from >= SEALED_MIN) this.#parts.noticing.set(node, numberOf(ledger));
        } else if (batches === 1 || dice.chance(0.5)) {
          node.disk.loseTail(dice.between(1, batches));
        } else {
          node.disk.loseBatch(dice.between(1, batches - 1));
          if (spoke) this.#parts.noticing.set(node, numberOf(ledger));
        }
      }
      scheduler.after(Math.min(ms, CALM_BEFORE_MS), () => operator.start(node, 1));
      scheduler.after(Math.min(ms, CALM_BEFORE_MS) + CALM_AFTER_MS, () => {
        this.#calm = undefined;
      });
    });
  }

  /** A median of clocks survives a minority of wrong ones among those that are heard; a mended clock counts as wrong while others remember it. */
  #skew({ kind, amount }: Fault, nodes: readonly SimulatedNode[], ms: number): void {
    const { now } = this.#parts.scheduler;
    const all = this.#parts.nodes;
    const wrong = all.filter((node) => nodes.includes(node) || (this.#clockWrongUntil.get(node) ?? 0) > now);
    if (wrong.length > this.#parts.wrongClocksMax) return;
    if (nodes.some((node) => node.isUp)) this.#count(kind);
    for (const node of nodes) {
      node.clockOffset = amount;
      this.#clockWrongUntil.set(node, now + ms + CLOCK_MEMORY_MS);
    }
    this.#until(ms, () => {
      for (const node of nodes) node.clockOffset = 0;
    });
  }

  /** Everybody is up and hears everybody. */
  #isCalm(): boolean {
    const { nodes, network, operator } = this.#parts;
    const alive = nodes.filter((node) => !operator.lost.has(node));
    return (
      network.rules.size === 0 &&
      alive.every((node) => node.validator?.status().mode !== 'starting' && node.isUp && node.failing === undefined)
    );
  }
}

function needsCalm({ kind }: Fault): boolean {
  return kind === 'lost-batch' || kind === 'backup';
}

/** Number of the configuration that rules; of a node that was down, the first. */
function numberOf(ledger: Ledger | undefined): number {
  return ledger?.configuration.number ?? 0;
}
