import type { NodeId } from '@varve/encoding';
import { uniformBelow } from '../random.ts';
import type { EngineCluster } from './cluster.ts';
import { type Case, leading, type Suite } from './suite.ts';
import { violated } from './violation.ts';

/** Barriers. That none is stale, and each is answered once, is checked at every answer of every case. */
export function readBarrier<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'reads: every node of a healthy cluster confirms', run: () => healthy(suite) },
    { name: 'reads: a node that is cut off refuses in bounded time', run: () => cutOff(suite) },
    { name: 'reads: without a quorum all refuse in bounded time', run: () => withoutQuorum(suite) },
    { name: 'reads: none is stale while leaders come and go behind slow links', run: () => changingLeaders(suite) },
    {
      name: 'reads: none is stale when only a node that is gone knew of the last commit',
      run: () => lastCommit(suite),
    },
    { name: 'reads: replies that were long on their way confirm none that came later', run: () => lateReplies(suite) },
    { name: 'reads: many at once are each answered once', run: () => many(suite) },
  ];
}

function answersTo<M>(cluster: EngineCluster<M>, id: NodeId, contexts: readonly number[]): readonly boolean[] {
  const answers = cluster.host(id).reads.filter(({ context }) => contexts.includes(context));
  if (answers.length !== contexts.length) violated(`${id} answered ${answers.length} of ${contexts.length} reads`);
  return answers.map(({ ok }) => ok);
}

function healthy<M>(suite: Suite<M>): void {
  const cluster = suite.running('healthy');
  cluster.progress(3).run(100);
  for (const id of cluster.ids) {
    const context = cluster.read(id);
    cluster.run(suite.readMsMax);
    if (!answersTo(cluster, id, [context])[0]) violated(`${id} refuses a read though all are well`);
  }
  suite.finish(cluster);
}

function cutOff<M>(suite: Suite<M>): void {
  for (let i = 0; i < suite.n; i++) {
    const cluster = suite.running(`cut off/${i}`);
    const id = cluster.ids[i] ?? violated('nobody');
    cluster.partition([id]);
    const first = cluster.read(id);
    const { highest } = cluster.history;
    cluster.demandAll(2);
    cluster.runUntil('the others go on', () => cluster.history.highest > highest, suite.progressMsMax);
    const later = [cluster.read(id), cluster.read(id)];
    cluster.run(suite.readMsMax);
    if (answersTo(cluster, id, [first, ...later]).includes(true)) violated(`${id} confirms a read all by itself`);
    suite.finish(cluster);
  }
}

function withoutQuorum<M>(suite: Suite<M>): void {
  const cluster = suite.running('without quorum');
  cluster.partition(...cluster.ids.map((id) => [id]));
  for (let round = 0; round < 5; round++) {
    const contexts = cluster.ids.map((id) => cluster.read(id));
    cluster.run(suite.readMsMax);
    cluster.ids.forEach((id, i) => {
      const context = contexts[i] ?? 0;
      if (answersTo(cluster, id, [context])[0]) violated(`${id} confirms a read without a quorum`);
    });
  }
  suite.finish(cluster);
}

function changingLeaders<M>(suite: Suite<M>): void {
  let confirmed = 0;
  for (let seed = 0; seed < 6; seed++) {
    const cluster = suite.running(`changing leaders/${seed}`);
    cluster.delayMsMax = 60;
    for (let i = 0; i < 150; i++) {
      const pick = uniformBelow(cluster.rng, 10);
      if (pick === 0) cluster.partition([cluster.ids[uniformBelow(cluster.rng, suite.n)] ?? violated('nobody')]);
      if (pick > 7) cluster.heal();
      for (const id of cluster.ids) cluster.read(id);
      cluster.demandAll(1).run(20);
    }
    suite.finish(cluster);
    for (const { reads } of cluster.hosts.values()) confirmed += reads.filter(({ ok }) => ok).length;
  }
  if (confirmed < 100) violated(`only ${confirmed} reads were confirmed`);
}

/** Whoever commits first is cut off before it can say so; the others read until they are beyond it, and after. */
function lastCommit<M>(suite: Suite<M>): void {
  for (let seed = 0; seed < 8; seed++) {
    const cluster = suite.running(`last commit/${seed}`);
    const before = cluster.history.highest;
    const knows = (id: NodeId) => cluster.host(id).delivered > before;
    cluster.demandAll(1);
    cluster.filter = ({ from }) => knows(from);
    cluster.runUntil('a commit', () => cluster.ids.some(knows), suite.progressMsMax);
    const first = cluster.ids.find(knows) ?? violated('nobody');
    cluster.filter = ({ from, to }) => from === first || to === first;
    for (let i = 0; i < 800; i++) {
      for (const id of cluster.ids) cluster.read(id);
      cluster.run(3);
    }
    suite.finish(cluster);
    const late = cluster.ids.filter((id) => id !== first && cluster.host(id).reads.some(({ ok }) => ok));
    if (late.length === 0) violated(`after ${first} was gone, no read was confirmed`);
  }
}

/**
 * What is said to the leader comes later and later, until it lives on replies that are older than an election. Then
 * nobody hears it any more: the others elect another and go on, while old replies still come in.
 */
function lateReplies<M>(suite: Suite<M>): void {
  const { electionMs } = suite.timing;
  const slownessMsMax = Math.floor(2.25 * electionMs);
  for (let seed = 0; seed < 8; seed++) {
    const cluster = suite.running(`late replies/${seed}`, { delayMsMax: 1 });
    const leader = leading(cluster);
    const start = cluster.now;
    cluster.slowness = ({ to }) => (to === leader ? Math.min(slownessMsMax, Math.floor((cluster.now - start) / 2)) : 0);
    cluster.run(3 * slownessMsMax).mute([leader]);
    for (let ms = 0; ms < 4 * electionMs; ms += 5) {
      cluster.withdraw().demandAll(1);
      cluster.read(leader);
      cluster.run(5);
    }
    suite.finish(cluster);
  }
}

function many<M>(suite: Suite<M>): void {
  const cluster = suite.running('many');
  for (const id of cluster.ids) {
    const contexts = Array.from({ length: 1500 }, () => cluster.read(id));
    cluster.run(suite.readMsMax);
    if (!answersTo(cluster, id, contexts).includes(true)) violated(`${id} refuses all of many reads`);
  }
  suite.finish(cluster);
}
