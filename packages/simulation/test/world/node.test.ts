import type { Protocol } from '@varve/consensus';
import { toHex } from '@varve/encoding';
import { raft } from '@varve/raft';
import { describe, expect, it } from 'vitest';
import type { SimulatedDisk } from '../../src/world/disk.ts';
import { standInSignatures } from '../../src/world/keys.ts';
import type { Boundary, SimulatedNode, WriteBoundary } from '../../src/world/node.ts';
import { World } from '../../src/world/world.ts';

const SEEDS = Array.from({ length: 24 }, (_, i) => i + 1);
/** A network of one is ready to commit by then, virtual milliseconds. */
const READY_MS = 3000;
const ALL = { gte: new Uint8Array(), lt: Uint8Array.of(255) };

/** One validator that commits what `write` submits. */
class Alone {
  readonly world: World;
  readonly node: SimulatedNode;
  acknowledged = 0;
  #made = 0;

  constructor(seed: number) {
    const protocol = raft as Protocol<unknown>;
    const options = { seed, validators: 1, clients: 1, protocol, signatures: standInSignatures, isRecording: true };
    this.world = new World(options).start();
    const [node] = this.world.nodes;
    if (node === undefined) throw new Error('a world without nodes');
    this.node = node;
    this.write();
    this.world.run(READY_MS);
    expect(this.acknowledged).toBe(1);
  }

  write(): void {
    this.#made += 1;
    this.world.admin.submit([{ kind: 'create', path: `/p${this.#made}`, value: 'v' }], () => {
      this.acknowledged += 1;
    });
  }

  /** Lets time pass until the next write is under way on a slow disk. */
  writeSlowly(): void {
    const { delayed } = this.node;
    this.node.diskMsMax = 1000;
    this.write();
    this.world.run(5000, () => this.node.delayed > delayed);
    expect(this.node.delayed).toBe(delayed + 1);
    this.node.diskMsMax = 0;
  }

  /** Lets time pass until the process is gone. */
  runToEnd(): void {
    this.world.run(5000, () => !this.node.isUp);
    expect(this.node.isUp).toBe(false);
  }

  /** With what the process ended last. */
  get lastEnd(): string {
    return this.world.trace.events.findLast(({ kind }) => kind === 'crash' || kind === 'halt')?.text ?? '';
  }

  /** Starts the process and lets it finish what clients still ask for. */
  recover(): void {
    expect(this.node.isUp || this.node.boot({ rebuild: false })).not.toBeTypeOf('string');
    this.world.run(10_000);
    expect(this.world.violations).toEqual([]);
    expect(this.acknowledged).toBe(this.#made);
  }
}

function contents(disk: SimulatedDisk): string[] {
  return [...disk.entries(ALL)].map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
}

/** For each seed, whether the disk holds what was being written when the process ended. */
function survivals(endDuringWrite: (alone: Alone) => void): boolean[] {
  return SEEDS.map((seed) => {
    const alone = new Alone(seed);
    const before = alone.node.disk.copy();
    endDuringWrite(alone);
    const { disk } = alone.node;
    const isWritten = disk.commits > before.commits;
    expect(disk.commits - before.commits).toBe(isWritten ? 1 : 0);
    expect(JSON.stringify(contents(disk)) === JSON.stringify(contents(before))).toBe(!isWritten);
    alone.recover();
    return isWritten;
  });
}

describe('a process that ends at a write', () => {
  const cases: [WriteBoundary, boolean, readonly boolean[]][] = [
    ['before', false, [false]],
    ['before', true, [false]],
    ['during', false, [false, true]],
    ['during', true, [false]],
    ['after', false, [true]],
    ['after', true, [true]],
  ];

  it.each(cases)('%s it, by a power cut: %s, leaves the batch on its disk: %s', (at, power, expected) => {
    const survived = survivals((alone) => {
      alone.node.boundary = { at, power };
      alone.write();
      alone.runToEnd();
      expect(alone.lastEnd).toBe(power ? 'power cut' : 'killed');
      expect(alone.node.boundary).toBeUndefined();
    });
    expect([...new Set(survived)].sort()).toEqual(expected);
  });
});

describe('a process that ends when its answer has left', () => {
  it.each([false, true])('knows that the write was durable, by a power cut: %s', (power) => {
    for (const seed of SEEDS) {
      const alone = new Alone(seed);
      const { commits } = alone.node.disk;
      const durable = alone.node.validator?.status().durableHeight ?? 0;
      alone.node.boundary = { at: 'answered', power };
      alone.write();
      alone.world.run(5000, () => !alone.node.isUp || (alone.node.validator?.status().durableHeight ?? 0) > durable);
      expect(alone.node.disk.commits).toBeGreaterThan(commits);
      alone.runToEnd();
      expect(alone.lastEnd).toBe(power ? 'power cut' : 'killed');
      alone.recover();
    }
  });

  it('goes on when that is called off in the last moment', () => {
    for (const seed of SEEDS) {
      const alone = new Alone(seed);
      const { commits } = alone.node.disk;
      const boundary: Boundary = { at: 'answered', power: false };
      alone.node.boundary = boundary;
      alone.write();
      alone.world.run(5000, () => alone.node.disk.commits > commits);
      boundary.isOff = true;
      alone.world.run(1000);
      expect(alone.node.isUp).toBe(true);
    }
  });
});

describe('a process that ends while a write is under way', () => {
  it.each([
    ['killed', false, [false, true]],
    ['power cut', true, [false]],
  ] as const)('%s, leaves the batch on its disk: power %s, %s', (end, power, expected) => {
    const survived = survivals((alone) => {
      alone.writeSlowly();
      alone.node.crash(power);
      expect(alone.lastEnd).toBe(end);
      // What it started does not reach the disk any more.
      const { commits } = alone.node.disk;
      alone.world.run(2000);
      expect(alone.node.disk.commits).toBe(commits);
      expect(alone.node.isUp).toBe(false);
    });
    expect([...new Set(survived)].sort()).toEqual(expected);
  });
});

describe('a write that fails', () => {
  it.each([
    ['EIO', 'STORE_FAILED'],
    ['ENOSPC', 'STORE_DISK_FULL'],
  ] as const)('with %s halts with %s; its outcome is unknown', (how, code) => {
    const survived = survivals((alone) => {
      alone.node.failing = how;
      alone.write();
      alone.runToEnd();
      expect(alone.lastEnd).toBe(`${code}: a write failed with ${how}`);
      expect(alone.node.failed).toBe(1);
      alone.node.failing = undefined;
    });
    expect([...new Set(survived)].sort()).toEqual([false, true]);
  });

  it('for want of room fails the next starts too, until there is room', () => {
    const alone = new Alone(1);
    alone.node.failing = 'ENOSPC';
    alone.write();
    alone.runToEnd();
    expect(alone.node.boot({ rebuild: false })).toBe('STORE_DISK_FULL');
    alone.world.run(3000);
    expect(alone.node.isUp).toBe(false);
    alone.node.failing = undefined;
    alone.world.run(1000);
    expect(alone.node.isUp).toBe(true);
    alone.recover();
  });
});

describe('a paused process', () => {
  it('does nothing, and then catches up', () => {
    const alone = new Alone(1);
    const { node, world } = alone;
    node.pausedUntil = world.scheduler.now + 2000;
    const { steps, run } = node;
    const { commits } = node.disk;
    alone.write();
    world.run(1999);
    expect(node).toMatchObject({ steps, run });
    expect(node.disk.commits).toBe(commits);
    expect(alone.acknowledged).toBe(1);
    expect(node.delayed).toBeGreaterThan(0);
    world.run(500);
    expect(node.steps).toBeGreaterThan(steps);
    expect(alone.acknowledged).toBe(2);
  });
});

describe('a slow process', () => {
  it('takes its time for every event', () => {
    const alone = new Alone(1);
    const { node, world } = alone;
    const stepsIn = (ms: number): number => {
      const { steps } = node;
      for (let i = 0; i < 20; i++) alone.write();
      world.run(ms);
      return node.steps - steps;
    };
    const fast = stepsIn(500);
    node.stepMs = 25;
    const slow = stepsIn(500);
    expect(slow).toBeLessThanOrEqual(500 / 25 + 1);
    expect(slow).toBeLessThan(fast);
    expect(node.delayed).toBeGreaterThan(0);
    node.stepMs = 0;
    alone.recover();
  });
});

describe('a start', () => {
  it('counts processes, and tells why there is none', () => {
    const { node, world } = new Alone(1);
    expect(node.run).toBe(1);
    const height = node.validator?.status().durableHeight;
    node.crash(false);
    expect(node.boot({ rebuild: false })).toBeUndefined();
    expect(node.run).toBe(2);
    expect(node.validator?.status().durableHeight).toBe(height);
    node.crash(false);
    node.disk.loseTail(node.disk.batches);
    expect(node.boot({ rebuild: false })).toBe('STORE_UNINITIALIZED');
    expect(node.isUp).toBe(false);
    world.run(1000);
    expect(node.isUp).toBe(false);
  });
});
