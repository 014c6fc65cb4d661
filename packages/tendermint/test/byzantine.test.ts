import { sha256 } from '@varve/crypto';
import { concatBytes, type NodeId, utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { proposerOf } from '../src/proposer.ts';
import { A, B, C, D } from './harness.ts';
import { LyingCluster } from './liars.ts';

const seeds = Array.from({ length: Number(process.env.TENDERMINT_LIARS ?? 10) }, (_, seed) => seed);

describe.each([
  { n: 4, liars: [A] },
  { n: 4, liars: [C] },
  { n: 7, liars: [A, B] },
  { n: 7, liars: [B] },
])('$n nodes, of which $liars lie', ({ n, liars }) => {
  it.each(seeds)('agree, and go on, seed %i', (seed) => {
    const cluster = new LyingCluster(
      { n, seed: `liars/${seed}`, record: seed % 5 === 0, loss: (seed % 3) * 0.05 },
      liars,
    );
    cluster.start().lie();
    for (let i = 0; i < 6; i++) {
      cluster.demandAll(3).run(700);
      const one = cluster.honest[i % cluster.honest.length] as NodeId;
      if (i % 3 === 1) cluster.partition([one]);
      if (i % 3 === 2) cluster.cut.clear();
      if (i === 4) {
        cluster.crash(one);
        cluster.boot(one);
      }
    }
    cluster.cut.clear();
    cluster.loss = 0;
    // The liars go on lying, and the honest go on deciding.
    cluster.progress(1, 60_000);
    cluster.check();
    expect(cluster.history.highest).toBeGreaterThan(0);
  });
});

it('evidence names liars, and holds two statements that both verify', () => {
  const cluster = new LyingCluster({ n: 4, seed: 'evidence' }, [B]);
  cluster.start().lie().demandAll(5).run(3000);
  const evidence = cluster.honest.flatMap((id) => cluster.host(id).evidence);
  expect(evidence.length).toBeGreaterThan(0);
  for (const { voter, first, second } of evidence) {
    expect(voter).toBe(B);
    expect(Buffer.from(first.bytes).equals(Buffer.from(second.bytes))).toBe(false);
    for (const { bytes, signature } of [first, second])
      expect(signature).toEqual(sha256(concatBytes(utf8Encode(`${voter}\n`), bytes)));
  }
});

/** Liars who propose in round 0 tell each half of the others another story, and vote for both. */
function split(n: number, liars: readonly NodeId[]): LyingCluster {
  const cluster = new LyingCluster({ n, seed: `split/${n}` }, liars).start();
  const { honest } = cluster;
  const half = Math.ceil(honest.length / 2);
  const halves = [honest.slice(0, half), honest.slice(half)];
  cluster.partition(...halves);
  halves.forEach((group, i) => {
    const proposer = proposerOf(cluster.ids, 1, 0);
    const proposal = cluster.forge(proposer, 1, 0, `story ${i}`);
    for (const to of group) {
      cluster.say(proposer, to, proposal);
      for (const voter of liars) {
        for (const kind of ['prevote', 'precommit'] as const)
          cluster.say(voter, to, { kind, height: 1, round: 0, id: proposal.payload.id, voter });
      }
    }
  });
  return cluster.run(400);
}

/**
 * a alone decides x in round 0, with the help of b, who lies: c and d are locked, and hear nothing more of a. Then b,
 * whose turn round 1 is, proposes another payload and votes for it.
 */
function attackOnDecision(restart: boolean, validRound: number | null): LyingCluster {
  const cluster = new LyingCluster({ n: 4, seed: 'decided' }, [B]).start();
  const isDecided = () => cluster.status(A).committed === 1;
  cluster.filter = ({ from, to, message }) => message.kind === 'precommit' && (from === A || to !== A);
  cluster.demand(A, 1).runUntil('a proposal', () => cluster.sent.some(({ message }) => message.kind === 'proposal'));
  const id = [...cluster.history.proposals.keys()][0] ?? null;
  for (const kind of ['prevote', 'precommit'] as const) cluster.say(B, A, { kind, height: 1, round: 0, id, voter: B });
  cluster.runUntil('a alone decides', isDecided, 400);
  cluster.run(5).partition([A]);
  cluster.filter = () => false;
  if (restart) {
    for (const node of [C, D]) {
      cluster.crash(node);
      cluster.boot(node);
    }
  }
  const other = { ...cluster.forge(B, 1, 1, 'other'), validRound };
  const epoch = validRound === null ? other.epoch : { number: 1, node: A };
  if (validRound !== null) cluster.history.notePropose(B, { index: 1, epoch }, other.payload);
  for (let i = 0; i < 100; i++) {
    for (const to of [C, D]) {
      cluster.say(B, to, { kind: 'precommit', height: 1, round: 0, id: null, voter: B });
      cluster.say(B, to, { ...other, epoch });
      for (const kind of ['prevote', 'precommit'] as const)
        cluster.say(B, to, { kind, height: 1, round: 1, id: other.payload.id, voter: B });
    }
    cluster.run(20);
  }
  return cluster;
}

describe('what one node decided', () => {
  it.each([
    { name: 'a new payload', restart: false, validRound: null },
    { name: 'a payload with a polka that never was', restart: false, validRound: 0 },
    { name: 'a new payload, after the locked ones crashed', restart: true, validRound: null },
    { name: 'a forged polka, after the locked ones crashed', restart: true, validRound: 0 },
  ])('stands against $name', ({ restart, validRound }) => {
    const cluster = attackOnDecision(restart, validRound);
    for (const node of [C, D]) expect([node, cluster.status(node).committed]).toEqual([node, 0]);
    expect(cluster.status(C).epoch.number).toBeGreaterThan(1);
    cluster
      .heal()
      .runUntil('all hold it', () => cluster.honest.every((id) => cluster.status(id).committed >= 1), 10_000);
    cluster.check();
  });
});

describe('beyond f', () => {
  it.each([
    { n: 4, liars: [A, B] },
    { n: 7, liars: [A, B, C] },
  ])('$liars of $n fork the chain, and the test sees it', ({ n, liars }) => {
    expect(() => split(n, liars)).toThrow(/agreement/);
  });

  it.each([
    { n: 4, liars: [A] },
    { n: 7, liars: [A, B] },
  ])('the same attack of f, $liars of $n, decides no two things', ({ n, liars }) => {
    const cluster = split(n, liars);
    // With one half that is large enough for a quorum together with the liars, one story is decided; never both.
    expect(cluster.history.highest).toBeLessThanOrEqual(1);
    cluster.heal().progress(1, 30_000);
    cluster.check();
  });
});
