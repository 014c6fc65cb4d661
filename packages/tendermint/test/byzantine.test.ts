import { sha256 } from '@varve/crypto';
import { concatBytes, type NodeId, utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { proposerOf } from '../src/proposer.ts';
import { A, B, C } from './harness.ts';
import { LyingCluster } from './liars.ts';

const seeds = Array.from({ length: Number(process.env.TENDERMINT_LIARS ?? 25) }, (_, seed) => seed);

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
