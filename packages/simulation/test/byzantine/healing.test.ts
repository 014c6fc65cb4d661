import type { Protocol } from '@varve/consensus';
import { tendermint } from '@varve/tendermint';
import { expect, it } from 'vitest';
import { stateOf, WorldDriver } from '../world-driver.ts';

const HOUR_MS = 3_600_000;
const ASK_MS = 300_000;
/** From the healing to a decision, virtual milliseconds. */
const HEALED_MS_MAX = 10_000;

it('after an hour in which no quorum met, a decision takes seconds (trap 47)', () => {
  const driver = new WorldDriver(4, 1, { protocol: tendermint as Protocol<unknown> });
  const { height } = driver.world.chain;
  const heal = driver.disturb({ blocked: true, covers: (a, b) => a < 2 !== b < 2 });
  driver.run(1);
  driver.world.connections.dropBlocked();
  // Somebody always wants something, in both halves.
  for (let passed = 0; passed < HOUR_MS; passed += ASK_MS) {
    for (const i of [0, 2]) driver.hand(driver.node(i), driver.make());
    driver.run(ASK_MS);
  }
  expect(driver.world.chain.height).toBe(height);
  heal();
  const late = driver.make();
  driver.hand(driver.node(0), late);
  driver.until('decision', () => driver.nodes.every((node) => stateOf(node, late).state === 'final'), HEALED_MS_MAX);
  driver.settle();
}, 60_000);
