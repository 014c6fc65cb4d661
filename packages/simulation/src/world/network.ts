import type { Dice } from './dice.ts';
import type { Scheduler } from './scheduler.ts';

/** A disturbance of some links while it is active. All that cover a link add up. */
export interface LinkRule {
  covers(from: number, to: number): boolean;
  /** Only these packets; all where absent. */
  concerns?(packet: Uint8Array): boolean;
  /** Nothing passes. */
  readonly blocked?: boolean;
  /** Probability that a packet is lost, or arrives twice. */
  readonly loss?: number;
  readonly duplication?: number;
  /** Probability that a packet is overtaken by later ones, and by how many milliseconds at most. */
  readonly reordering?: number;
  /** Added to each packet's time, milliseconds: so many, and at most so many more. */
  readonly delayMs?: number;
  readonly delayMsMax?: number;
  /** Packets that it touched. */
  hits: number;
}

/** Without a disturbance a packet takes 1 to this many milliseconds. */
const DELAY_MS_MAX = 3;
/** How late a packet can be that others overtake. */
const REORDER_MS_MAX = 120;

/** What becomes of one packet. */
export interface Fate {
  /** Arrival times; none: it is lost. */
  readonly arrivals: readonly number[];
}

/** Packets between nodes: in order on each link and lost never, but for the rules that are active. */
export class SimulatedNetwork {
  readonly rules: Set<LinkRule> = new Set<LinkRule>();
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;
  /** When the newest packet of a link arrives: later ones do not overtake it. */
  readonly #lastArrival = new Map<number, number>();

  constructor(scheduler: Scheduler, dice: Dice) {
    this.#scheduler = scheduler;
    this.#dice = dice;
  }

  /** Decides what becomes of a packet that leaves now. */
  fate(from: number, to: number, packet: Uint8Array = new Uint8Array()): Fate {
    const dice = this.#dice;
    let copies = 1;
    let delay = dice.between(1, DELAY_MS_MAX);
    let isLate = false;
    for (const rule of this.rules) {
      if (!rule.covers(from, to) || rule.concerns?.(packet) === false) continue;
      if (rule.blocked || dice.chance(rule.loss ?? 0)) {
        rule.hits += 1;
        copies = 0;
      }
      if (dice.chance(rule.duplication ?? 0)) {
        rule.hits += 1;
        copies *= 2;
      }
      if (rule.delayMs || rule.delayMsMax) {
        rule.hits += 1;
        delay += (rule.delayMs ?? 0) + dice.between(0, rule.delayMsMax ?? 0);
      }
      if (dice.chance(rule.reordering ?? 0)) {
        rule.hits += 1;
        isLate = true;
      }
    }
    const arrivals: number[] = [];
    for (let copy = 0; copy < copies; copy++) arrivals.push(this.#arrival(from, to, delay, isLate || copy > 0));
    return { arrivals };
  }

  /** Whether some packet could pass now. */
  isOpen(from: number, to: number): boolean {
    for (const rule of this.rules) if (rule.blocked && !rule.concerns && rule.covers(from, to)) return false;
    return true;
  }

  #arrival(from: number, to: number, delay: number, isLate: boolean): number {
    const { now } = this.#scheduler;
    if (isLate) return now + delay + this.#dice.between(1, REORDER_MS_MAX);
    const link = from * 1024 + to;
    const at = Math.max(now + delay, this.#lastArrival.get(link) ?? 0);
    this.#lastArrival.set(link, at);
    return at;
  }
}
