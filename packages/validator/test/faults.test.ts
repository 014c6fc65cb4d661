import { toHex, utf8Encode } from '@varve/encoding';
import type { Operation, Transaction } from '@varve/ledger';
import { transactionsAt } from '@varve/ledger/chain';
import { describe, expect, it } from 'vitest';
import { encodePackets } from '../src/packet.ts';
import { Cluster, type TestNode } from './cluster.ts';

let counter = 0;

function create(path = `/n${counter++}`): Operation {
  return { module: 'coordination', method: 'create', arguments: [path, utf8Encode('value')] };
}

function heightOf(node: TestNode): number {
  return node.validator?.status().durableHeight ?? 0;
}

/** All running nodes have the same certified tip and nothing waits. */
function settled(cluster: Cluster): boolean {
  const running = cluster.nodes.filter((node) => node.validator && !node.halted);
  const tips = new Set(running.map((node) => node.validator?.ledger.tip.hash));
  return (
    tips.size === 1 &&
    running.every(
      (node) =>
        node.validator?.status().pool.transactions === 0 &&
        node.validator.ledger.finalHeight === node.validator.ledger.tip.header.height,
    )
  );
}

/** Ids on the chain of `node`, in order. */
function chainOf(node: TestNode): string[] {
  const ledger = node.validator?.ledger;
  if (ledger === undefined) return [];
  const ids: string[] = [];
  for (let at = 1; at <= ledger.tip.header.height; at++)
    ids.push(...transactionsAt(ledger, at).map((view) => view.transaction.id));
  return ids;
}

function ready(validators: number, seed = 1): Cluster {
  const cluster = new Cluster({ validators, seed }).start();
  return cluster.until(() => cluster.leader !== undefined, 5000);
}

describe('crashes', () => {
  it('loses nothing final and repeats nothing when the leader dies under load', () => {
    const cluster = ready(4);
    const sent: Transaction[] = [];
    const final = new Set<string>();
    const give = (node: TestNode): void => {
      const transaction = cluster.transaction([create()]);
      sent.push(transaction);
      cluster.submit(node, transaction.bytes);
    };
    for (let i = 0; i < 40; i++) give(cluster.node(i % 4));
    for (const transaction of sent)
      if (cluster.node(1).validator?.transactionState(transaction.id).state === 'final') final.add(transaction.id);
    const leader = cluster.leader as TestNode;
    cluster.kill(leader);
    const survivors = cluster.nodes.filter((node) => node !== leader);
    for (let i = 0; i < 20; i++) give(survivors[i % 3] as TestNode);
    cluster.until(() => settled(cluster));
    cluster.start(leader);
    cluster.until(() => settled(cluster));
    const chain = chainOf(leader);
    expect(new Set(chain).size).toBe(chain.length);
    for (const id of final) expect(chain).toContain(id);
    expect(cluster.nodes.map(chainOf)).toEqual(cluster.nodes.map(() => chain));
  });

  it('continues the chain after all validators died at once, ten times in a row', () => {
    const cluster = ready(4, 7);
    const acknowledged: string[] = [];
    for (let round = 0; round < 10; round++) {
      const transaction = cluster.transaction([create()]);
      cluster.until(() => cluster.leader !== undefined, 10_000);
      cluster.submit(cluster.node(round % 4), transaction.bytes);
      cluster.until(() => cluster.node(round % 4).validator?.transactionState(transaction.id).state === 'final');
      acknowledged.push(transaction.id);
      for (let i = 0; i < 5; i++) cluster.submit(cluster.node(i % 4), cluster.transaction([create()]).bytes);
      for (const node of cluster.nodes) cluster.kill(node);
      cluster.run(5);
      cluster.start();
    }
    cluster.until(() => settled(cluster));
    expect(chainOf(cluster.node(0))).toEqual(expect.arrayContaining(acknowledged));
  });

  it('catches up by log after a short absence and by certified blocks after a long one', () => {
    const cluster = ready(4, 3);
    const absent = cluster.nodes.find((node) => node !== cluster.leader) as TestNode;
    for (const blocks of [3, 60]) {
      cluster.kill(absent);
      for (let i = 0; i < blocks; i++) {
        const present = cluster.nodes.find((node) => node !== absent) as TestNode;
        const before = heightOf(present);
        cluster.submit(present, cluster.transaction([create()]).bytes);
        cluster.until(() => heightOf(present) > before);
      }
      cluster.start(absent);
      cluster.until(() => settled(cluster), 20_000);
    }
    expect(absent.misbehaved).toEqual([]);
  });

  it('makes no progress without a quorum, and goes on when it returns', () => {
    const cluster = ready(3, 5);
    const [a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode];
    cluster.kill(b);
    cluster.kill(c);
    cluster.run(3000);
    const before = heightOf(a);
    cluster.submit(a, cluster.transaction([create()]).bytes);
    cluster.run(3000);
    expect(heightOf(a)).toBe(before);
    const request = cluster.barrier(a);
    cluster.run(5000);
    expect(a.answers.get(request)?.kind).toBe('barrierFailed');
    cluster.start(b);
    cluster.until(() => heightOf(a) > before);
  });
});

describe('partitions', () => {
  it('goes on in the majority and heals the minority', () => {
    const cluster = ready(4, 9);
    const leader = cluster.leader as TestNode;
    for (const other of cluster.nodes) if (other !== leader) cluster.link(leader, other, false);
    const rest = cluster.nodes.filter((node) => node !== leader);
    cluster.until(() => rest.some((node) => node.validator?.status().engine?.role === 'leader'), 5000);
    cluster.submit(rest[0] as TestNode, cluster.transaction([create()]).bytes);
    cluster.until(() => rest.every((node) => heightOf(node) > 0));
    for (const other of rest) cluster.link(leader, other, true);
    cluster.until(() => settled(cluster), 10_000);
  });

  it('a leader that is cut off hands its clients’ transactions on once it is back', () => {
    const cluster = ready(3, 29);
    const leader = cluster.leader as TestNode;
    for (const other of cluster.nodes) if (other !== leader) cluster.link(leader, other, false);
    const transaction = cluster.transaction([create()]);
    // It proposes this to nobody, and nobody else has it.
    cluster.submit(leader, transaction.bytes);
    cluster.until(
      () => cluster.nodes.some((node) => node !== leader && node.validator?.status().engine?.role === 'leader'),
      5000,
    );
    for (const other of cluster.nodes) if (other !== leader) cluster.link(leader, other, true);
    cluster.until(() => leader.validator?.transactionState(transaction.id).state === 'final', 10_000);
  });

  it('survives a quarter of all packets lost', () => {
    const cluster = ready(4, 11);
    let n = 0;
    cluster.lose = () => (n++ * 2654435761) % 4 === 0;
    const sent: Transaction[] = [];
    for (let i = 0; i < 30; i++) {
      const transaction = cluster.transaction([create()]);
      sent.push(transaction);
      cluster.submit(cluster.node(i % 4), transaction.bytes);
    }
    cluster.run(20_000);
    cluster.lose = () => false;
    cluster.until(() => settled(cluster), 20_000);
    const chain = chainOf(cluster.node(2));
    expect(chain.toSorted()).toEqual(sent.map((transaction) => transaction.id).toSorted());
  });
});

describe('reads', () => {
  it('passes a barrier on every validator once it holds what was committed before', () => {
    const cluster = ready(3, 13);
    const transaction = cluster.transaction([create()]);
    cluster.submit(cluster.node(0), transaction.bytes);
    cluster.until(() => cluster.node(0).validator?.transactionState(transaction.id).state === 'final');
    for (const node of cluster.nodes) {
      const request = cluster.barrier(node);
      cluster.until(() => node.answers.has(request), 5000);
      expect(node.answers.get(request)).toMatchObject({ kind: 'barrier', height: 1 });
    }
  });
});

describe('observers', () => {
  it('follow certified blocks, pass barriers and hand transactions to validators', () => {
    const cluster = ready(3, 17);
    const observer = cluster.add('observer');
    cluster.start(observer);
    for (let i = 0; i < 5; i++) cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
    cluster.until(() => settled(cluster));
    const transaction = cluster.transaction([create()]);
    expect(cluster.submit(observer, transaction.bytes)).toMatchObject([{ admitted: true }]);
    cluster.until(() => observer.validator?.transactionState(transaction.id).state === 'final');
    const request = cluster.barrier(observer);
    cluster.until(() => observer.answers.has(request), 5000);
    expect(observer.answers.get(request)).toMatchObject({ kind: 'barrier' });
    expect(observer.validator?.status()).toMatchObject({ mode: 'observer', conditions: [] });
    for (const node of cluster.nodes) if (node !== observer) cluster.link(node, observer, false);
    expect(observer.validator?.status().conditions).toMatchObject([{ code: 'VALIDATORS_UNREACHABLE' }]);
    // Whoever waits for finality is told of a block before he is told that it is final.
    let told = 0;
    for (const notice of observer.notices) {
      if (notice.kind === 'committed') told = notice.height;
      if (notice.kind === 'final') expect(notice.height).toBeLessThanOrEqual(told);
    }
    expect(told).toBeGreaterThan(0);
  });
});

describe('floods', () => {
  it('of block requests are answered one at a time, and cut when they are too many', () => {
    const cluster = ready(3, 31);
    const observer = cluster.add('observer');
    cluster.start(observer);
    for (let i = 0; i < 5; i++) cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
    cluster.until(() => settled(cluster));
    const victim = cluster.node(0);
    let answers = 0;
    cluster.lose = (from, to) => {
      if (from === victim && to === observer) answers += 1;
      return false;
    };
    const wanted = Array.from({ length: 200 }, () => ({ kind: 'blocksWanted', from: 1, to: 1000 }) as const);
    const [packet] = encodePackets(wanted);
    for (let i = 0; i < 4; i++)
      cluster.tell(victim, { kind: 'packet', from: observer.networkKey, bytes: packet as Uint8Array });
    cluster.run(15);
    expect(answers).toBeLessThanOrEqual(2);
    expect(victim.misbehaved).toEqual([]);
    for (let i = 0; i < 4; i++)
      cluster.tell(victim, { kind: 'packet', from: observer.networkKey, bytes: packet as Uint8Array });
    expect(victim.misbehaved).toContain('a flood of messages');
  });
});

describe('hostile packets', () => {
  it('are charged to their sender and never stop the validator', () => {
    const cluster = ready(3, 23);
    const [a, b] = cluster.nodes as [TestNode, TestNode];
    let state = 12345;
    const next = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 16;
    };
    for (let i = 0; i < 500; i++) {
      const bytes = Uint8Array.from({ length: next() % 80 }, () => next() & 0xff);
      if (i % 2 === 0) bytes.set([0x82, 0x01, 0x81].slice(0, bytes.length));
      cluster.tell(a, { kind: 'packet', from: b.networkKey, bytes });
    }
    expect(a.halted).toBeUndefined();
    expect(a.misbehaved.length).toBeGreaterThan(0);
    cluster.submit(a, cluster.transaction([create()]).bytes);
    cluster.until(() => settled(cluster) && heightOf(a) > 0);
    expect(toHex(a.validator?.ledger.tip.header.stateRoot ?? new Uint8Array())).toHaveLength(64);
  });
});
