import { type Case, leading, type Suite } from './suite.ts';
import { violated } from './violation.ts';

/** The end of an instance. That a draining node builds nothing is checked at every output of every case. */
export function drain<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'drain: what is decided reaches everybody, and nothing new is proposed', run: () => underLoad(suite) },
    { name: 'drain: who missed the last decision learns it, though its leader died', run: () => leaderDies(suite) },
    { name: 'drain: no read is confirmed', run: () => reads(suite) },
  ];
}

function underLoad<M>(suite: Suite<M>): void {
  for (let seed = 0; seed < 5; seed++) {
    const cluster = suite.running(`drain/${seed}`, { record: true });
    cluster.demandAll(100).run(5 + 7 * seed);
    for (const id of cluster.ids) cluster.input(id, { kind: 'drain' });
    cluster.run(3000);
    const { highest, proposals } = cluster.history;
    const { size } = proposals;
    cluster.run(3000);
    if (proposals.size !== size) violated('a draining node proposes');
    if (cluster.history.highest !== highest) violated('a draining cluster goes on');
    for (const { id, delivered, inFlight } of cluster.hosts.values()) {
      if (delivered !== highest) violated(`${id} stays at ${delivered} of ${highest}`);
      if (inFlight.size > 0) violated(`${id} neither commits nor drops ${inFlight.size} proposals`);
    }
    cluster.check();
  }
}

function leaderDies<M>(suite: Suite<M>): void {
  const cluster = suite.running('leader dies');
  const leader = leading(cluster);
  const lonely = cluster.ids.find((id) => id !== leader) ?? leader;
  cluster.partition([lonely]);
  const { highest } = cluster.history;
  cluster.demandAll(3);
  cluster.runUntil('the others go on', () => cluster.history.highest > highest, suite.progressMsMax);
  for (const id of cluster.ids) cluster.input(id, { kind: 'drain' });
  cluster.run(100);
  cluster.crash(leading(cluster));
  cluster.heal();
  cluster.runUntil(
    'all that live hold all that is decided',
    () => cluster.live().every((id) => cluster.host(id).delivered === cluster.history.highest),
    suite.progressMsMax,
  );
  cluster.check();
}

function reads<M>(suite: Suite<M>): void {
  const cluster = suite.running('drain reads');
  for (const id of cluster.ids) cluster.read(id);
  for (const id of cluster.ids) cluster.input(id, { kind: 'drain' });
  const late = cluster.ids.map((id) => cluster.read(id));
  cluster.run(suite.readMsMax);
  for (const host of cluster.hosts.values()) {
    const confirmed = host.reads.find(({ context, ok }) => ok && late.includes(context));
    if (confirmed) violated(`${host.id} drains and confirms read ${confirmed.context}`);
    const open = cluster.history.openReads(host.id);
    if (open.length > 0) violated(`${host.id} never answers the reads ${open}`);
  }
  cluster.check();
}
