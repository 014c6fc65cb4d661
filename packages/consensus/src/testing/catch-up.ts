import type { NodeId } from '@varve/encoding';
import type { EngineCluster } from './cluster.ts';
import { emptyStore } from './store.ts';
import { type Case, leading, type Suite } from './suite.ts';
import { violated } from './violation.ts';

/** More entries than any engine keeps behind its anchor. */
const TRIMMED = 700;

/** Nodes that lack what the others' logs no longer hold. */
export function catchUp<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'catch-up: behind all trimmed logs, by block sync and without traffic', run: () => behind(suite) },
    { name: 'catch-up: a node that starts with nothing, beside an idle cluster', run: () => empty(suite) },
    { name: 'catch-up: block sync at any moment delivers nothing twice', run: () => syncAtAnyMoment(suite) },
  ];
}

/** Orders so much that `away` cannot catch up from a log, and trims every log. */
function trim<M>(suite: Suite<M>, cluster: EngineCluster<M>, away: NodeId): void {
  const target = cluster.history.highest + TRIMMED;
  cluster.demandAll(TRIMMED);
  cluster.runUntil('much is ordered', () => cluster.history.highest >= target, suite.bulkMsMax);
  cluster.withdraw().run(suite.timing.electionMs);
  for (const id of cluster.ids) if (id !== away) cluster.certify(id);
  cluster.run(suite.timing.electionMs);
}

function arrives<M>(suite: Suite<M>, cluster: EngineCluster<M>, node: NodeId): void {
  const proposals = cluster.history.proposals.size;
  cluster.runUntil(
    `${node} catches up`,
    () => cluster.host(node).delivered >= cluster.history.highest,
    suite.progressMsMax,
  );
  if (cluster.history.proposals.size !== proposals) violated('it took traffic to catch up');
  const peers = cluster.host(node).syncs[0] ?? [];
  if (peers.length === 0 || peers.includes(node)) violated(`${node} asks ${peers} for blocks`);
  suite.finish(cluster);
}

function behind<M>(suite: Suite<M>): void {
  const cluster = suite.running('behind');
  const slow = cluster.ids.find((id) => id !== leading(cluster)) ?? leading(cluster);
  cluster.crash(slow);
  trim(suite, cluster, slow);
  cluster.boot(slow);
  arrives(suite, cluster, slow);
}

function empty<M>(suite: Suite<M>): void {
  const cluster = suite.cluster('empty');
  const late = cluster.ids.at(-1) ?? violated('nobody');
  for (const id of cluster.ids) if (id !== late) cluster.boot(id);
  cluster.progress(1, suite.progressMsMax);
  trim(suite, cluster, late);
  cluster.host(late).store = emptyStore();
  cluster.boot(late);
  arrives(suite, cluster, late);
}

/** The hosts refuse an entry that comes twice or leaves a gap. */
function syncAtAnyMoment<M>(suite: Suite<M>): void {
  for (let i = 0; i < 12; i++) {
    const cluster = suite.running(`sync/${i}`, { record: true });
    const [slow] = cluster.ids;
    if (slow === undefined) return;
    cluster.partition([slow]).demandAll(10).run(300).heal();
    cluster.demandAll(10).run(2 * i);
    cluster.blockSync(slow);
    cluster.run(20);
    cluster.blockSync(slow);
    suite.finish(cluster);
  }
}
