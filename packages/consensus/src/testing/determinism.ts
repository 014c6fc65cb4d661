import type { EngineCluster } from './cluster.ts';
import { fingerprint } from './fingerprint.ts';
import type { Case, Suite } from './suite.ts';
import { violated } from './violation.ts';

/** The same inputs at the same times give the same outputs, to the byte. */
export function determinism<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'determinism: what a run recorded, a second engine does again', run: () => replay(suite) },
    { name: 'determinism: two runs of one seed are one', run: () => twice(suite) },
  ];
}

function troubled<M>(suite: Suite<M>, seed: string): EngineCluster<M> {
  const cluster = suite.running(seed, { record: true, loss: 0.1, duplication: 0.1, diskMsMax: 8 });
  for (let i = 0; i < 12; i++) {
    const id = cluster.ids[i % suite.n] ?? violated('nobody');
    cluster.demandAll(4).run(60);
    if (i % 4 === 0) cluster.partition([id]);
    if (i % 4 === 1) cluster.input(id, { kind: 'transfer', to: id });
    for (const reader of cluster.ids) cluster.read(reader);
    cluster.run(300);
    if (i % 4 === 3) cluster.cut.clear();
  }
  return cluster;
}

/** `finish` replays what was recorded. */
function replay<M>(suite: Suite<M>): void {
  for (const seed of ['one', 'two', 'three']) suite.finish(troubled(suite, seed));
}

function twice<M>(suite: Suite<M>): void {
  const [one, other] = [troubled(suite, 'twice'), troubled(suite, 'twice')];
  const traceOf = (cluster: EngineCluster<M>) =>
    fingerprint([[...cluster.committed], cluster.sent, cluster.ids.map((id) => cluster.status(id))]);
  if (traceOf(one) !== traceOf(other)) violated('the same seed gives another run');
}
