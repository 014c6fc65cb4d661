import { uniformBelow } from '@varve/consensus';
import { describe, expect, it } from 'vitest';
import { Cluster } from './harness.ts';

const SEEDS = Number(process.env.RAFT_SEEDS ?? 200);
const STEPS = 80;

/** One random fault, or some work. At most a minority is down or frozen for good: all are back at the end. */
function disturb(cluster: Cluster): void {
  const pick = (below: number) => uniformBelow(cluster.rng, below);
  const ids = cluster.ids;
  const id = ids[pick(ids.length)] ?? ids[0];
  const other = ids[pick(ids.length)] ?? ids[0];
  if (!id || !other) return;
  const host = cluster.host(id);
  switch (pick(14)) {
    case 0:
      if (host.engine) cluster.crash(id);
      return;
    case 1:
    case 2:
      if (!host.engine) cluster.boot(id);
      return;
    case 3:
      cluster.partition(ids.filter(() => pick(2) === 0));
      return;
    case 4:
      cluster.cut.add(`${id}>${other}`);
      return;
    case 5:
      cluster.cut.clear();
      return;
    case 6:
      cluster.input(cluster.leader() ?? id, { kind: 'transfer', to: other });
      return;
    case 7:
      host.frozen = true;
      return;
    case 8:
      if (host.frozen) cluster.thaw(id);
      return;
    case 9:
      cluster.certify(id);
      return;
    case 10:
      cluster.blockSync(id);
      return;
    case 11:
      cluster.input(id, { kind: 'link', peer: other, up: pick(2) === 0 });
      return;
    default:
      if (host.engine) cluster.read(id);
      for (const other of ids) cluster.demand(other, 5);
  }
}

function recover(cluster: Cluster): void {
  cluster.heal();
  cluster.delayMsMax = 2;
  for (const id of cluster.ids) {
    const host = cluster.host(id);
    if (!host.engine) cluster.boot(id);
    if (host.frozen) cluster.thaw(id);
  }
}

describe('random schedules of faults', () => {
  it(`keep every promise and end in progress, in ${SEEDS} seeds`, () => {
    let committed = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const n = [3, 5, 3, 4, 2][seed % 5] ?? 3;
      const cluster = new Cluster({ n, seed, diskMsMax: 1 + (seed % 20), record: seed % 5 === 0 }).start();
      cluster.elect();
      cluster.loss = (seed % 4) * 0.05;
      cluster.duplication = (seed % 3) * 0.1;
      cluster.delayMsMax = 1 + (seed % 7) * 10;
      try {
        for (let i = 0; i < STEPS; i++) {
          disturb(cluster);
          cluster.run(uniformBelow(cluster.rng, 150));
        }
        recover(cluster);
        const before = Math.max(...cluster.committed.keys());
        for (const id of cluster.ids) cluster.demand(id, 1);
        cluster.runUntil('progress everywhere', () =>
          cluster.ids.every((id) => cluster.host(id).store.applied > before),
        );
        cluster.check();
        committed += cluster.committed.size;
      } catch (error) {
        const seen = cluster.ids.map((id) =>
          JSON.stringify({
            ...cluster.host(id).engine?.status(),
            pool: cluster.host(id).pool,
            batches: cluster.host(id).batches.length,
            frozen: cluster.host(id).frozen,
            store: cluster.host(id).store.applied,
          }),
        );
        throw new Error(`seed ${seed}\n${seen.join('\n')}`, { cause: error });
      }
    }
    expect(committed).toBeGreaterThan(SEEDS * 30);
  });
});
