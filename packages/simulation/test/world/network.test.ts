import { describe, expect, it } from 'vitest';
import { Dice } from '../../src/world/dice.ts';
import { type LinkRule, SimulatedNetwork } from '../../src/world/network.ts';
import { Scheduler } from '../../src/world/scheduler.ts';

const PACKETS = 2000;
const PACKET = Uint8Array.of(1);
/** Without a rule a packet takes so long at most, and an overtaken one so much longer; milliseconds. */
const DELAY_MS_MAX = 3;
const REORDER_MS_MAX = 120;

/** One packet: when it left, and when it arrived. */
interface Sent {
  readonly at: number;
  readonly arrivals: readonly number[];
}

class Links {
  readonly scheduler: Scheduler = new Scheduler();
  readonly network: SimulatedNetwork;

  constructor(seed = 1) {
    this.network = new SimulatedNetwork(this.scheduler, new Dice(`network test ${seed}`));
  }

  rule(how: Partial<LinkRule>): LinkRule {
    const rule: LinkRule = { covers: (from, to) => from === 0 && to === 1, hits: 0, ...how };
    this.network.rules.add(rule);
    return rule;
  }

  /** Packets on one link, one every millisecond. */
  send(from: number, to: number, count = PACKETS, packet = PACKET): Sent[] {
    return Array.from({ length: count }, () => {
      this.scheduler.run(this.scheduler.now + 1, () => false);
      return { at: this.scheduler.now, arrivals: this.network.fate(from, to, packet).arrivals };
    });
  }
}

function isAscending(sent: readonly Sent[]): boolean {
  const all = sent.flatMap(({ arrivals }) => arrivals);
  return all.every((at, i) => i === 0 || at >= (all[i - 1] ?? 0));
}

function delays(sent: readonly Sent[]): number[] {
  return sent.flatMap(({ at, arrivals }) => arrivals.map((arrival) => arrival - at));
}

describe('a link without rules', () => {
  it('carries every packet once, in order, within 1 to 3 ms', () => {
    const sent = new Links().send(0, 1);
    expect(sent.every(({ arrivals }) => arrivals.length === 1)).toBe(true);
    expect(isAscending(sent)).toBe(true);
    expect([...new Set(delays(sent))].sort()).toEqual([1, 2, DELAY_MS_MAX]);
  });

  it('has an order of its own: a slow link holds up no other', () => {
    const links = new Links();
    links.rule({ delayMsMax: 10_000 });
    links.send(0, 1, 50);
    expect(Math.max(...delays(links.send(1, 0, 50)))).toBeLessThanOrEqual(DELAY_MS_MAX);
    expect(Math.max(...delays(links.send(0, 2, 50)))).toBeLessThanOrEqual(DELAY_MS_MAX);
  });
});

describe('a rule', () => {
  it('of loss loses about its share, and counts it', () => {
    const links = new Links();
    const rule = links.rule({ loss: 0.3 });
    const lost = links.send(0, 1).filter(({ arrivals }) => arrivals.length === 0).length;
    expect(rule.hits).toBe(lost);
    expect(lost / PACKETS).toBeGreaterThan(0.25);
    expect(lost / PACKETS).toBeLessThan(0.35);
  });

  it('of duplication brings about its share twice, the first copy in order', () => {
    const links = new Links();
    const rule = links.rule({ duplication: 0.4 });
    const sent = links.send(0, 1);
    const twice = sent.filter(({ arrivals }) => arrivals.length === 2);
    expect(sent.every(({ arrivals }) => arrivals.length === 1 || arrivals.length === 2)).toBe(true);
    expect(rule.hits).toBe(twice.length);
    expect(twice.length / PACKETS).toBeGreaterThan(0.35);
    expect(twice.length / PACKETS).toBeLessThan(0.45);
    expect(isAscending(sent.map(({ at, arrivals }) => ({ at, arrivals: arrivals.slice(0, 1) })))).toBe(true);
  });

  it('of reordering lets later packets overtake about its share, and loses none', () => {
    const links = new Links();
    const rule = links.rule({ reordering: 0.2 });
    const sent = links.send(0, 1);
    expect(sent.every(({ arrivals }) => arrivals.length === 1)).toBe(true);
    expect(isAscending(sent)).toBe(false);
    expect(Math.max(...delays(sent))).toBeLessThanOrEqual(DELAY_MS_MAX + REORDER_MS_MAX);
    expect(rule.hits / PACKETS).toBeGreaterThan(0.15);
    expect(rule.hits / PACKETS).toBeLessThan(0.25);
    const late = delays(sent).filter((ms) => ms > DELAY_MS_MAX).length;
    expect(late).toBeLessThanOrEqual(rule.hits);
    expect(late).toBeGreaterThan(rule.hits * 0.9);
  });

  it('of delay holds packets up, each counted, none lost and in order', () => {
    const links = new Links();
    const rule = links.rule({ delayMsMax: 200 });
    const sent = links.send(0, 1);
    expect(sent.every(({ arrivals }) => arrivals.length === 1)).toBe(true);
    expect(isAscending(sent)).toBe(true);
    expect(rule.hits).toBe(PACKETS);
    expect(Math.max(...delays(sent))).toBeGreaterThan(150);
    expect(Math.max(...delays(sent))).toBeLessThanOrEqual(200 + DELAY_MS_MAX);
  });

  it('of a fixed delay holds every packet up by at least as much', () => {
    const links = new Links();
    const rule = links.rule({ delayMs: 100 });
    const sent = links.send(0, 1);
    expect(isAscending(sent)).toBe(true);
    expect(rule.hits).toBe(PACKETS);
    expect([...new Set(delays(sent))].sort()).toEqual([101, 102, 103]);
  });

  it('that concerns some packets leaves the others alone, and the link open', () => {
    const links = new Links();
    const rule = links.rule({ blocked: true, concerns: ([first]) => first === 2 });
    expect(links.network.isOpen(0, 1)).toBe(true);
    expect(links.send(0, 1, 10).every(({ arrivals }) => arrivals.length === 1)).toBe(true);
    expect(rule.hits).toBe(0);
    expect(links.send(0, 1, 10, Uint8Array.of(2)).every(({ arrivals }) => arrivals.length === 0)).toBe(true);
    expect(rule.hits).toBe(10);
  });

  it('that blocks lets nothing pass as long as it is there', () => {
    const links = new Links();
    const rule = links.rule({ blocked: true });
    expect(links.network.isOpen(0, 1)).toBe(false);
    expect(links.network.isOpen(1, 0)).toBe(true);
    expect(links.send(0, 1).every(({ arrivals }) => arrivals.length === 0)).toBe(true);
    expect(rule.hits).toBe(PACKETS);
    links.network.rules.delete(rule);
    expect(links.network.isOpen(0, 1)).toBe(true);
    expect(links.send(0, 1, 10).every(({ arrivals }) => arrivals.length === 1)).toBe(true);
  });

  it.each([{ loss: 1 }, { duplication: 1 }, { reordering: 1 }, { delayMsMax: 500 }, { blocked: true }])(
    'of %o touches only the links that it covers',
    (how) => {
      const links = new Links();
      const rule = links.rule(how);
      for (const [from, to] of [
        [1, 0],
        [0, 2],
        [2, 1],
      ] as const) {
        const sent = links.send(from, to, 200);
        expect(sent.every(({ arrivals }) => arrivals.length === 1)).toBe(true);
        expect(Math.max(...delays(sent))).toBeLessThanOrEqual(DELAY_MS_MAX);
        expect(links.network.isOpen(from, to)).toBe(true);
      }
      expect(rule.hits).toBe(0);
      links.send(0, 1, 20);
      expect(rule.hits).toBe(20);
    },
  );

  it('adds up with others: what one loses, another does not bring back', () => {
    const links = new Links();
    links.rule({ duplication: 1 });
    links.rule({ duplication: 1 });
    expect(links.send(0, 1, 10).every(({ arrivals }) => arrivals.length === 4)).toBe(true);
    links.rule({ blocked: true });
    links.rule({ duplication: 1 });
    expect(links.send(0, 1, 10).every(({ arrivals }) => arrivals.length === 0)).toBe(true);
  });
});
