import { utf8Encode } from '@varve/encoding';
import type { Operation } from '@varve/ledger';
import { certificateAt, headerAt } from '@varve/ledger/chain';
import { describe, expect, it } from 'vitest';
import { decodePacket } from '../src/index.ts';
import { Cluster, START, type TestNode } from './cluster.ts';

let counter = 0;

function create(): Operation {
  return { module: 'coordination', method: 'create', arguments: [`/t${counter++}`, utf8Encode('value')] };
}

function ready(validators: number, seed = 1): Cluster {
  const cluster = new Cluster({ validators, seed }).start();
  return cluster.until(() => cluster.leader !== undefined, 5000);
}

function heightOf(node: TestNode): number {
  return node.validator?.status().durableHeight ?? 0;
}

function carries(packet: Uint8Array, kind: string): boolean {
  return decodePacket(packet).some((message) => message.kind === kind);
}

describe('research traps of the ledger on top', () => {
  it('55: a seal that a crash kept from leaving is made again: every committed height gets its certificate', () => {
    const cluster = ready(4, 55);
    // All blocks are committed and sealed, and no seal ever leaves its node.
    cluster.lose = (_from, _to, packet) => carries(packet, 'seals') || carries(packet, 'certificate');
    for (let i = 1; i <= 5; i++) {
      cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
      cluster.until(() => cluster.nodes.every((node) => heightOf(node) === i));
    }
    expect(cluster.nodes.map((node) => node.validator?.ledger.finalHeight)).toEqual([0, 0, 0, 0]);
    for (const node of cluster.nodes) cluster.kill(node);
    cluster.lose = () => false;
    cluster.start();
    cluster.until(() => cluster.nodes.every((node) => node.validator?.ledger.finalHeight === 5), 10_000);
    for (const { validator } of cluster.nodes) {
      if (validator === undefined) throw new Error('a node is down');
      for (let at = 1; at <= 5; at++) {
        expect(certificateAt(validator.ledger, at)?.blockHash).toBe(headerAt(validator.ledger, at)?.hash);
      }
    }
  });

  it('53: a new leader builds on what its log holds: heights are contiguous and parents link', () => {
    const cluster = ready(3, 53);
    for (let round = 0; round < 4; round++) {
      const leader = cluster.leader as TestNode;
      const other = cluster.nodes.find((node) => node !== leader) as TestNode;
      for (let i = 0; i < 8; i++) {
        cluster.tell(other, {
          kind: 'submit',
          request: 9000 + i,
          transactions: [cluster.transaction([create()]).bytes],
        });
        cluster.run(2);
      }
      // It dies with blocks in flight.
      cluster.kill(leader);
      cluster.until(() => cluster.leader !== undefined && cluster.leader !== leader, 10_000);
      cluster.start(leader);
      cluster.until(() => cluster.nodes.every((node) => node.validator?.status().pool.transactions === 0), 10_000);
    }
    const { ledger } = cluster.node(0).validator as NonNullable<TestNode['validator']>;
    for (let at = 1; at <= ledger.tip.header.height; at++) {
      expect(headerAt(ledger, at)?.header.parentHash).toBe(headerAt(ledger, at - 1)?.hash);
    }
    expect(ledger.tip.header.height).toBeGreaterThan(4);
  });
});

describe('memory of what others promised', () => {
  it('outlives a restart: a validator with an older store hears of its seals from one that was down too', () => {
    const cluster = ready(3, 77);
    const submitAndSettle = (): void => {
      cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
      cluster.until(
        () => cluster.nodes.every(({ validator }) => (validator?.ledger.finalHeight ?? 0) > before),
        10_000,
      );
    };
    let before = 0;
    submitAndSettle();
    const [a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode];
    const backup = a.store.copy();
    before = a.validator?.ledger.finalHeight ?? 0;
    submitAndSettle();
    for (const node of [a, b, c]) cluster.kill(node);
    a.store = backup;
    cluster.start(b);
    cluster.run(500);
    cluster.start(a);
    cluster.until(() => a.validator?.status().mode !== 'starting', 10_000);
    expect(a.validator?.status()).toMatchObject({ mode: 'observer-only', observerOnly: { code: 'STORE_ROLLED_BACK' } });
  });
});

describe('block time', () => {
  function timesAfter(cluster: Cluster, node: TestNode, from: number): readonly number[] {
    const ledger = node.validator?.ledger;
    const times: number[] = [];
    for (let at = from + 1; ledger && at <= ledger.tip.header.height; at++) {
      times.push((headerAt(ledger, at)?.header.time ?? 0) - START - cluster.now);
    }
    return times;
  }

  it('a clock that jumps under a leader gives no block its time, not even until the next Hello', () => {
    const cluster = ready(4, 7);
    cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
    cluster.until(() => cluster.nodes.every((node) => heightOf(node) === 1));
    const leader = cluster.leader as TestNode;
    leader.clockOffset = 3_600_000;
    const other = cluster.nodes.find((node) => node !== leader) as TestNode;
    cluster.submit(other, cluster.transaction([create()]).bytes);
    cluster.until(() => heightOf(other) === 2, 10_000);
    for (const ahead of timesAfter(cluster, other, 1)) expect(ahead).toBeLessThanOrEqual(0);
  });

  it('a leader that hears no quorum of clocks builds nothing, and a payload that was lost leaves no time behind', () => {
    const cluster = ready(3, 9);
    cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
    cluster.until(() => cluster.nodes.every((node) => heightOf(node) === 1));
    const leader = cluster.leader as TestNode;
    const rest = cluster.nodes.filter((node) => node !== leader);
    for (const node of rest) cluster.link(leader, node, false);
    leader.clockOffset = 10_000;
    cluster.tell(leader, { kind: 'submit', request: 9900, transactions: [cluster.transaction([create()]).bytes] });
    cluster.run(300);
    leader.clockOffset = 0;
    for (const node of rest) cluster.link(leader, node, true);
    cluster.until(() => cluster.nodes.every((node) => heightOf(node) >= 2), 10_000);
    for (const node of cluster.nodes) for (const ahead of timesAfter(cluster, node, 1)) expect(ahead).toBeLessThan(0);
  });
});
