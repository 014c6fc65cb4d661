import type { NodeId } from '@varve/encoding';
import type { EngineCluster, PlannedCrash } from './cluster.ts';
import { type Case, leading, type Suite } from './suite.ts';
import { violated } from './violation.ts';

/** How long a crashed node stays away: at once, and long enough for the others to have moved on. */
const AWAY_MS = [10, 900];
const STEP_MS = 10;
const SCRIPT_MS = 2500;

/** One fixed schedule, with one node crashing at each of its writes in turn: before it is durable, and right after. */
export function restarts<M>(suite: Suite<M>): readonly Case[] {
  const rehearsal = suite.cluster('restarts');
  return rehearsal.ids.map((node) => ({
    name: `restart of ${node} at each write, before and after it is durable`,
    run: () => crashAtEachWrite(suite, node),
  }));
}

function crashAtEachWrite<M>(suite: Suite<M>, node: NodeId): void {
  const writes = perform(suite, node, undefined, 0).writes;
  if (writes < 5) violated(`${node} wrote ${writes} times: the schedule is too short`);
  for (let write = 0; write < writes; write++) {
    for (const awayMs of AWAY_MS) {
      for (const durable of [false, true]) {
        const { boots } = perform(suite, node, { write, durable }, awayMs);
        if (boots < 2) violated(`${node} did not crash at write ${write}`);
      }
    }
  }
}

/**
 * Orders, hands leadership over, orders, cuts the leader off, orders; whoever is down for long enough comes back.
 * @returns How often `node` wrote until the faults ended, and how often it started.
 */
function perform<M>(
  suite: Suite<M>,
  node: NodeId,
  planned: Omit<PlannedCrash, 'node'> | undefined,
  awayMs: number,
): { readonly writes: number; readonly boots: number } {
  const cluster = suite.cluster('restarts').start();
  cluster.planned = planned && { node, ...planned };
  let downMs = 0;
  for (let ms = 0; ms < SCRIPT_MS; ms += STEP_MS) {
    act(cluster, ms);
    cluster.run(STEP_MS);
    const isDown = cluster.host(node).engine === undefined;
    downMs = isDown ? downMs + STEP_MS : 0;
    if (isDown && downMs > awayMs) cluster.boot(node);
  }
  const writes = cluster.writes.get(node) ?? 0;
  suite.finish(cluster);
  return { writes, boots: cluster.host(node).boots };
}

function act<M>(cluster: EngineCluster<M>, ms: number): void {
  const { ids } = cluster;
  const leader = leading(cluster);
  switch (ms) {
    case 800:
    case 1300:
      cluster.demandAll(1);
      return;
    case 1000:
      cluster.input(leader, { kind: 'transfer', to: ids[(ids.indexOf(leader) + 1) % ids.length] ?? leader });
      return;
    case 1320:
      cluster.certify(leader);
      return;
    case 1350:
      cluster.partition([leader]);
      cluster.demandAll(1);
      return;
    case 2200:
      cluster.heal();
      return;
    default:
      return;
  }
}
