import { describe, expect, it } from 'vitest';
import { A, B, ballotOf, C, Cluster, D, E, hardStateOf } from './harness.ts';
import { Replica, saidIn } from './replica.ts';

describe('ballot leader election', () => {
  it('has rounds of about half an election timeout that differ between nodes', () => {
    const lengths = [A, B, C, D, E].map((id) => (new Replica(id, 5).last.wakeAt ?? 0) - 1000);
    for (const length of lengths) expect(length).toSatisfy((ms: number) => ms >= 150 && ms < 250);
    expect(new Set(lengths).size).toBeGreaterThan(1);
  });

  it('takes over only with answers from a quorum, all of them unhappy', () => {
    const node = new Replica(A, 5).endRound();
    node.hearUnhappy([B]);
    expect(node.endRound().status.role).toBe('follower');
    node.hearUnhappy([B, C]);
    node.hearHappy(ballotOf(4, 5));
    expect(node.endRound().status.role).toBe('follower');
    node.hearUnhappy([B, C]);
    expect(node.endRound().status).toMatchObject({ role: 'candidate', epoch: { number: 6, node: A } });
  });

  it('follows while its own leader says that it has a quorum, and trusts no neighbour instead', () => {
    const node = new Replica(A, 3, { hardState: hardStateOf(2) }).endRound();
    node.hearHappy(ballotOf(2));
    expect(node.endRound().status).toMatchObject({ leader: B });
    node.receive(C, { kind: 'heartbeatReply', ballot: ballotOf(2), round: 0, happy: true });
    expect(node.endRound().status).not.toHaveProperty('leader');
  });

  it('asks those who have not answered again, and only them', () => {
    const node = new Replica(A, 3).endRound();
    node.hearUnhappy([B]);
    const asked = saidIn(node.wake()).filter((said) => said.kind === 'heartbeatRequest');
    expect(asked.map(({ to }) => to)).toEqual([C]);
  });

  it('leads on without a quorum for one round, and no longer than two', () => {
    const leader = new Replica(A, 3).lead([B]);
    expect(leader.endRound().status.role).toBe('leader');
    expect(leader.endRound().status.role).toBe('follower');
  });

  it('a leader takes a higher ballot for a stray that nobody leads, and leaves it where somebody does', () => {
    const leader = new Replica(A, 5).lead([B, C]);
    leader.hearUnhappy([B, C]);
    leader.hearHappy(ballotOf(9, 5));
    expect(leader.endRound().status).toMatchObject({ role: 'leader', epoch: { number: 1 } });
    leader.hearUnhappy([B, C]);
    leader.hearUnhappy([D], ballotOf(9, 5));
    expect(leader.endRound().status).toMatchObject({ role: 'candidate', epoch: { number: 11 } });
  });

  it('a node that lacks blocks leaves the lead to others for some rounds', () => {
    const node = new Replica(A, 3);
    for (let i = 0; i < 2; i++) node.receive(B, { kind: 'syncNeeded', ballot: ballotOf(2), index: 9 });
    node.persist();
    const roles: string[] = [];
    for (let i = 0; i < 6; i++) {
      node.hearUnhappy([B, C]);
      roles.push(node.endRound().status.role);
    }
    expect(roles.slice(0, 3)).toEqual(['syncing', 'syncing', 'syncing']);
    expect(roles).toContain('candidate');
  });

  it('the designated first leader of a fresh instance takes over at once, and only then', () => {
    expect(new Replica(A, 3, {}, { first: A }).last.wakeAt).toBe(1000);
    expect(new Replica(B, 3, {}, { first: A }).last.wakeAt).toBeGreaterThan(1000);
    expect(new Replica(A, 3, { hardState: hardStateOf(1) }, { first: A }).last.wakeAt).toBeGreaterThan(1000);
  });

  it('a node that promised far too much gets back in', () => {
    const cluster = new Cluster({ n: 3, seed: 20 });
    cluster.host(A).store.hardState = hardStateOf(149, 0);
    cluster.start();
    cluster.partition([A]).run(2000).heal();
    cluster.runUntil(
      'all follow',
      () => cluster.ids.every((id) => cluster.status(id).leader === cluster.leader()),
      4000,
    );
    expect(cluster.status(A).epoch.number).toBeGreaterThan(149);
    cluster.recover().progress(1).check();
  });
});
