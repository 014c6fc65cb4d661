import { uniformBelow } from '../random.ts';
import type { EngineCluster } from './cluster.ts';
import { type Case, leading, type Suite } from './suite.ts';
import { violated } from './violation.ts';

const ROUNDS = 4;
const STEPS = 24;
const SIZES = [3, 5, 4, 3, 2];

/** Seeded schedules of everything that can go wrong within the fault model, with clients all along. */
export function randomFaults<M>(suite: Suite<M>): readonly Case[] {
  return Array.from({ length: suite.seeds }, (_, seed) => ({
    name: `random faults, seed ${seed}: every promise is kept, and progress follows`,
    run: () => runSeed(suite, seed),
  }));
}

function runSeed<M>(suite: Suite<M>, seed: number): void {
  const cluster = suite.running(`random/${seed}`, {
    n: SIZES[seed % SIZES.length] ?? suite.n,
    diskMsMax: 1 + (seed % 20),
    record: seed % 4 === 0,
  });
  for (let round = 0; round < ROUNDS; round++) {
    cluster.loss = (seed % 4) * 0.05;
    cluster.duplication = (seed % 3) * 0.1;
    cluster.delayMsMax = 1 + (seed % 7) * 10;
    for (let i = 0; i < STEPS; i++) {
      disturb(cluster, suite.timing.electionMs);
      cluster.run(uniformBelow(cluster.rng, 150));
    }
    const before = cluster.history.highest;
    cluster.recover().progress(1, suite.progressMsMax);
    if (cluster.history.highest <= before) violated('nothing was ordered after the faults ended');
  }
  suite.finish(cluster);
}

/** One random fault, or some work. */
function disturb<M>(cluster: EngineCluster<M>, electionMs: number): void {
  const pick = (below: number) => uniformBelow(cluster.rng, below);
  const any = () => cluster.ids[pick(cluster.ids.length)] ?? leading(cluster);
  const [id, other] = [any(), any()];
  const host = cluster.host(id);
  switch (pick(18)) {
    case 0:
      return host.engine && cluster.crash(id);
    case 1:
    case 2:
      return host.engine ? undefined : cluster.boot(id);
    case 3:
      cluster.partition(cluster.ids.filter(() => pick(2) === 0));
      return;
    case 4:
      if (pick(3) === 0) cluster.mute([id]);
      cluster.cut.add(`${id}>${other}`);
      return;
    case 5:
      return cluster.cut.clear();
    case 6:
      if (cluster.live().length > 0) cluster.input(leading(cluster), { kind: 'transfer', to: other });
      return;
    case 7:
      host.frozen = true;
      return;
    case 8:
      return cluster.thaw(id);
    case 9:
      return cluster.certify(id);
    case 10:
      return cluster.blockSync(id);
    case 11:
      cluster.input(id, { kind: 'link', peer: other, up: pick(2) === 0 });
      return;
    case 12:
      return cluster.pause(id);
    case 13:
      return cluster.resume(id);
    case 14:
      if (pick(8) === 0) cluster.leap(pick(10) * electionMs);
      return;
    default:
      if (host.engine) cluster.read(id);
      cluster.demandAll(5);
  }
}
