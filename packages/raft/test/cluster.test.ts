import { describe, expect, it } from 'vitest';
import { Cluster } from './harness.ts';

describe('a cluster', () => {
  it.each([1, 2, 3, 4, 5, 7, 9])('of %i elects a leader and commits everywhere', (n) => {
    const cluster = new Cluster({ n, seed: n, record: true }).start();
    const leader = cluster.elect();
    cluster.demand(leader, 100);
    cluster.runUntil('100 payloads everywhere', () => cluster.ids.every((id) => cluster.host(id).store.applied >= 101));
    cluster.check();
    expect(cluster.leaders.size).toBe(1);
  });
});
