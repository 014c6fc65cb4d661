import { faultsTolerated } from '@varve/consensus';
import type { Transaction } from '@varve/ledger';
import { headerAt, RECORD_KIND } from '@varve/ledger/chain';
import type { ObserverOnly } from '@varve/validator';
import { describe, expect, it } from 'vitest';
import { Dice } from '../src/world/dice.ts';
import type { SimulatedDisk } from '../src/world/disk.ts';
import type { SimulatedNode } from '../src/world/node.ts';
import { codesOf, ledgerOf, stateOf, statusOf, WorldDriver } from './world-driver.ts';

const SEEDS = Array.from({ length: 4 }, (_, i) => i + 1);
/** Whatever was committed before the power failed is executed and durable everywhere after this; milliseconds. */
const CALM_MS = 500;
/** How long nothing must happen, milliseconds. */
const STILL_MS = 5000;

/** A way to lose one's memory, and what the validator says of it. */
interface Spoiling {
  readonly name: string;
  readonly code: ObserverOnly['code'];
  /** @param backup - What the disk held some blocks ago. */
  spoil(node: SimulatedNode, dice: Dice, backup: SimulatedDisk): void;
}

const SPOILINGS: readonly Spoiling[] = [
  {
    name: 'bit rot in engine records',
    code: 'ENGINE_RECORD_DAMAGED',
    spoil: ({ disk }, dice) => {
      const entries = disk.keysOf(RECORD_KIND.engineEntry);
      const keys = entries.length > 0 && dice.chance(0.5) ? entries : disk.keysOf(RECORD_KIND.engineState);
      disk.flip(dice.pick(keys), dice.between(0, 1_000_000));
    },
  },
  {
    name: 'lost batches',
    code: 'JOURNAL_GAP',
    spoil: ({ disk }, dice) => disk.loseBatch(dice.between(1, disk.batches - 2)),
  },
  {
    name: 'restored backups',
    code: 'STORE_ROLLED_BACK',
    spoil: (node, _, backup) => {
      node.disk = backup;
    },
  },
];

/** Hands transactions in at random nodes all the time, one every few milliseconds. */
function load(driver: WorldDriver, dice: Dice, sent: Transaction[]): () => void {
  let isOver = false;
  const next = (): void => {
    if (isOver) return;
    const transaction = driver.make();
    sent.push(transaction);
    driver.hand(dice.pick(driver.nodes), transaction);
    driver.world.scheduler.after(dice.between(5, 40), next);
  };
  next();
  return () => {
    isOver = true;
  };
}

function hashesOf(node: SimulatedNode): readonly string[] {
  const ledger = ledgerOf(node);
  return Array.from({ length: ledger.finalHeight }, (_, i) => headerAt(ledger, i + 1)?.hash ?? '');
}

/**
 * More validators forget than the protocol tolerates: nothing may go on, and nothing final be taken back.
 * @returns How many of the struck run observer-only. A store that lost the payload of a block together with state cannot
 * be made anew, and its process does not start at all.
 */
function strikeBeyond(validators: number, seed: number, spoilingOf: (struck: number) => Spoiling): number {
  const dice = new Dice(`beyond ${validators} ${seed}`);
  const driver = new WorldDriver(validators, seed);
  const struck = dice.sample(driver.nodes, faultsTolerated(validators, 'crash') + 1);
  const spared = driver.nodes.filter((node) => !struck.includes(node));
  const sent: Transaction[] = [];
  const stop = load(driver, dice, sent);
  driver.run(dice.between(200, 600));
  const backups = struck.map((node) => node.disk.copy());
  driver.run(1500);
  for (const node of struck) {
    driver.world.forgetful.add(node);
    node.crash(true);
  }
  stop();
  driver.run(CALM_MS);
  const { chain } = driver.world;
  const { height, finalHeight } = chain;
  expect(finalHeight).toBeGreaterThan(20);
  const final = Array.from({ length: finalHeight }, (_, i) => chain.hashAt(i + 1));
  struck.forEach((node, i) => {
    spoilingOf(i).spoil(node, dice, backups[i] as SimulatedDisk);
    driver.world.operator.start(node, dice.between(1, 300));
  });
  const { lost } = driver.world.operator;
  driver.until('restart', () => driver.nodes.every((node) => node.isUp || lost.has(node)), 5000);
  driver.run(3000);
  const running = driver.nodes.filter((node) => node.isUp);
  const pending = driver.make();
  for (const node of running) expect(driver.submit(node, pending.bytes)).toMatchObject([{ admitted: true }]);
  driver.run(STILL_MS);
  expect(chain.height).toBe(height);
  for (const [i, node] of struck.entries()) {
    const { code } = spoilingOf(i);
    if (lost.has(node)) {
      expect(code).toBe('JOURNAL_GAP');
      continue;
    }
    expect(statusOf(node)).toMatchObject({ mode: 'observer-only', observerOnly: { code } });
    expect(codesOf(node)).toContain(code);
  }
  for (const node of spared) {
    expect(statusOf(node).mode).toBe('validator');
    expect(codesOf(node)).toContain('NO_QUORUM');
  }
  for (const node of running) {
    expect(stateOf(node, pending).state).toBe('pending');
    expect(driver.barrier(node)).toMatchObject({ kind: 'barrierFailed', code: 'BARRIER_UNAVAILABLE' });
    expect(hashesOf(node).slice(0, finalHeight)).toEqual(final);
  }
  return running.length - spared.length;
}

describe.each([3, 5])('more than f of %i validators forget what they said', (validators) => {
  it.each(SPOILINGS)('$name: a safe stop with $code', (spoiling) => {
    const marked = SEEDS.map((seed) => strikeBeyond(validators, seed, () => spoiling));
    expect(marked.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(SEEDS.length / 2);
  });

  it('each in another way: a safe stop, each with its own code', () => {
    for (const seed of SEEDS) {
      strikeBeyond(validators, seed, (i) => SPOILINGS[(i + seed) % SPOILINGS.length] as Spoiling);
    }
  });
});
