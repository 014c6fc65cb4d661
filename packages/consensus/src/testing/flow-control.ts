import type { Case, Suite } from './suite.ts';
import { violated } from './violation.ts';

/** More than any engine may run ahead of execution. */
const APPLIED_LAG_MAX = 2048;

/** What may be proposed, and when. That no invitation exceeds the window is checked at every proposal of every case. */
export function flowControl<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'flow control: a window of payloads is never exceeded, and never sticks', run: () => payloads(suite) },
    { name: 'flow control: a window of bytes is never exceeded, and never sticks', run: () => bytes(suite) },
    { name: 'flow control: withheld execution stops builds until it goes on', run: () => execution(suite) },
    { name: 'flow control: a window whose messages were all lost reopens', run: () => totalLoss(suite) },
    { name: 'flow control: one question at a time, and none without demand', run: () => questions(suite) },
    { name: 'flow control: without demand nothing is ordered', run: () => idle(suite) },
  ];
}

function payloads<M>(suite: Suite<M>): void {
  const cluster = suite.running('payloads', { engine: { window: { payloads: 3, bytes: 1e9 } } });
  cluster.delayMsMax = 30;
  cluster.demandAll(60);
  const target = cluster.history.highest + 60;
  cluster.runUntil('60 more in small windows', () => cluster.history.highest >= target, 60_000);
  suite.finish(cluster);
}

function bytes<M>(suite: Suite<M>): void {
  const cluster = suite.running('bytes', { engine: { window: { payloads: 64, bytes: 2500 } }, payloadBytes: 1000 });
  cluster.delayMsMax = 30;
  cluster.demandAll(60);
  const target = cluster.history.highest + 60;
  cluster.runUntil('60 more in small windows', () => cluster.history.highest >= target, 60_000);
  suite.finish(cluster);
}

function execution<M>(suite: Suite<M>): void {
  const cluster = suite.running('execution');
  for (const host of cluster.hosts.values()) host.lagging = true;
  const start = cluster.history.highest;
  cluster.demandAll(2 * APPLIED_LAG_MAX);
  let before = -1;
  while (before < cluster.history.highest) {
    before = cluster.history.highest;
    cluster.run(1000);
    if (before - start > APPLIED_LAG_MAX) violated(`${before - start} entries are ordered and none is executed`);
  }
  for (const host of cluster.hosts.values()) {
    host.lagging = false;
    cluster.input(host.id, { kind: 'applied', index: host.store.applied });
  }
  cluster.runUntil('builds go on', () => cluster.history.highest > before + 5, suite.progressMsMax);
  suite.finish(cluster);
}

function totalLoss<M>(suite: Suite<M>): void {
  const cluster = suite.running('loss');
  for (let round = 0; round < 3; round++) {
    cluster.demandAll(200).run(20);
    cluster.filter = () => true;
    cluster.run(round * 700 + 300);
    const { highest } = cluster.history;
    cluster.heal();
    cluster.runUntil('the window reopens', () => cluster.history.highest > highest + 64, suite.progressMsMax);
  }
  suite.finish(cluster);
}

/** `OutputRules` refuses a second question for a slot that stands. */
function questions<M>(suite: Suite<M>): void {
  const cluster = suite.running('questions');
  for (let i = 0; i < 50; i++) {
    for (const id of cluster.ids) cluster.input(id, { kind: 'demand', pending: i % 3 !== 0 });
    cluster.run(10);
  }
  for (const id of cluster.ids) cluster.input(id, { kind: 'demand', pending: true });
  cluster.run(200);
  if (cluster.ids.every((id) => cluster.host(id).open === undefined)) violated('nobody asks for what is demanded');
  suite.finish(cluster);
  for (const id of cluster.ids) cluster.input(id, { kind: 'demand', pending: false });
  const open = cluster.ids.map((id) => cluster.host(id).open?.index);
  cluster.run(2000);
  const openLater = cluster.ids.map((id) => cluster.host(id).open?.index);
  if (`${open}` !== `${openLater}`) violated('a node asks for a payload although nothing is demanded');
}

function idle<M>(suite: Suite<M>): void {
  const cluster = suite.running('idle');
  cluster.run(1000);
  const { highest } = cluster.history;
  cluster.run(20_000);
  if (cluster.history.highest !== highest) violated(`${cluster.history.highest - highest} entries came from nothing`);
  suite.finish(cluster);
}
