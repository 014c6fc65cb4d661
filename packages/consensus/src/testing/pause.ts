import { type Case, leading, type Suite } from './suite.ts';
import { violated } from './violation.ts';

/** Time that leaps: a machine that slept, a process that was stopped. */
export function pause<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'pause: time leaps for all at once', run: () => leapOfAll(suite) },
    { name: 'pause: a node that slept while the others went on reads nothing stale', run: () => leapOfOne(suite) },
    { name: 'pause: a leap under load, and another before the first is overcome', run: () => leapsInARow(suite) },
  ];
}

function leapOfAll<M>(suite: Suite<M>): void {
  for (const leapMs of [10 * suite.timing.electionMs, 86_400_000, 2 ** 40]) {
    const cluster = suite.running(`leap/${leapMs}`, { record: true });
    for (const id of cluster.ids) cluster.read(id);
    cluster.demandAll(5).run(3).leap(leapMs);
    for (const id of cluster.ids) cluster.read(id);
    cluster.run(1);
    suite.finish(cluster);
  }
}

function leapOfOne<M>(suite: Suite<M>): void {
  for (let i = 0; i < suite.n; i++) {
    const cluster = suite.running(`pause/${i}`, { record: true });
    const sleeper = cluster.ids[i] ?? leading(cluster);
    cluster.demandAll(20).run(5);
    cluster.pause(sleeper);
    const { highest } = cluster.history;
    cluster.runUntil('the others go on', () => cluster.history.highest > highest + 3, suite.progressMsMax);
    cluster.run(10 * suite.timing.electionMs);
    // The first thing it is asked after its sleep, before it hears of anything that happened meanwhile.
    const context = cluster.read(sleeper);
    cluster.resume(sleeper);
    cluster.run(suite.readMsMax);
    if (!cluster.host(sleeper).reads.some((read) => read.context === context))
      violated(`${sleeper} does not answer a read after its sleep`);
    suite.finish(cluster);
  }
}

function leapsInARow<M>(suite: Suite<M>): void {
  const cluster = suite.running('leaps');
  for (let i = 0; i < 10; i++) {
    cluster
      .demandAll(5)
      .run(i * 40)
      .leap(3 * suite.timing.electionMs);
    for (const id of cluster.ids) cluster.read(id);
  }
  suite.finish(cluster);
}
