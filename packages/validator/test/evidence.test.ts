import type { Protocol } from '@varve/consensus';
import { height, nodeId, payloadId, toHex } from '@varve/encoding';
import { decodeEvidence, type EvidenceRecord, encodeEvidence, encodeSeal, sealSignBytes } from '@varve/ledger';
import { headerAt, RECORD_KIND } from '@varve/ledger/chain';
import { raft } from '@varve/raft';
import { verifyEvidence } from '@varve/verify';
import { describe, expect, it } from 'vitest';
import { tendermint } from '../../tendermint/src/index.ts';
import { WaitingEvidence } from '../src/evidence-waiting.ts';
import {
  EVIDENCE_MAX,
  EVIDENCE_MESSAGES_MAX,
  EVIDENCE_PER_VALIDATOR_MAX,
  EVIDENCE_WAITING_PER_PEER_MAX,
  STATEMENT_BYTES_MAX,
} from '../src/limits.ts';
import { decodePacket, encodePackets } from '../src/packet.ts';
import { instanceOf } from '../src/stored-instance.ts';
import { Cluster, type TestNode } from './cluster.ts';
import { agree, nextConfiguration } from './governing.ts';

function ready(validators = 4, seed = 1, protocol = raft as Protocol<unknown>): Cluster {
  const cluster = new Cluster({ validators, seed, protocol }).start();
  return cluster.until(() => cluster.nodes.every((node) => node.validator?.status().mode === 'validator'), 5000);
}

function evidenceOf(node: TestNode): readonly Uint8Array[] {
  return node.validator?.status().evidence ?? [];
}

function stored(node: TestNode): number {
  return [...node.store.records.values()].filter(({ key }) => key[0] === RECORD_KIND.evidence).length;
}

/** Two seals of `liar` for one height. */
function twice(cluster: Cluster, liar: TestNode, at: number, changes: Partial<EvidenceRecord> = {}): Uint8Array {
  const { configurationHash } = (cluster.node(0).validator as NonNullable<TestNode['validator']>).ledger;
  const [first, second] = ['11', '22'].map((byte) => {
    const bytes = sealSignBytes(cluster.chainId, configurationHash, height(at), byte.repeat(32) as never);
    return { bytes, signature: liar.signer.sign(bytes) };
  });
  if (first === undefined || second === undefined) throw new Error('two seals');
  const signingKey = toHex(liar.signer.publicKey) as EvidenceRecord['signingKey'];
  return encodeEvidence({ signingKey, configurationHash, first, second, ...changes });
}

function tell(cluster: Cluster, to: TestNode, from: TestNode, records: readonly Uint8Array[]): void {
  for (const bytes of encodePackets([{ kind: 'evidence', records }])) {
    cluster.tell(to, { kind: 'packet', from: from.networkKey, bytes });
  }
}

/** How many packets carry evidence while `run` lasts. */
function carried(cluster: Cluster, run: () => void): number {
  let packets = 0;
  cluster.lose = (_from, _to, packet) => {
    if (decodePacket(packet).some(({ kind }) => kind === 'evidence')) packets += 1;
    return false;
  };
  run();
  return packets;
}

describe('evidence', () => {
  it('of two seals that one validator saw reaches all, holds offline, and outlives a restart', () => {
    const cluster = ready();
    const [witness, liar, , later] = cluster.nodes as [TestNode, TestNode, TestNode, TestNode];
    cluster.kill(later);
    const ledger = (witness.validator as NonNullable<TestNode['validator']>).ledger;
    const validatorIndex = ledger.configuration.validators.findIndex((one) => one.networkKey === liar.networkKey);
    const seals = ['11', '22'].map((byte) => {
      const [at, blockHash] = [height(5), byte.repeat(32) as never];
      const { configurationHash } = ledger;
      const signature = liar.signer.sign(sealSignBytes(cluster.chainId, configurationHash, at, blockHash));
      return encodeSeal({ configurationHash, height: at, blockHash, validatorIndex, signature });
    });
    for (const bytes of encodePackets([{ kind: 'seals', seals }])) {
      cluster.tell(witness, { kind: 'packet', from: liar.networkKey, bytes });
    }
    cluster.run(100);
    const up = cluster.nodes.filter((node) => node !== later);
    expect(up.map((node) => evidenceOf(node).length)).toEqual([1, 1, 1]);
    expect(verifyEvidence(evidenceOf(witness)[0] as Uint8Array, { genesis: cluster.genesis })).toMatchObject({
      ok: true,
      report: { validator: liar.name, first: { kind: 'seal', height: 5 } },
    });
    expect(up.flatMap(({ logs }) => logs.filter(({ code }) => code === 'SEAL_EQUIVOCATION'))).toHaveLength(3);
    cluster.kill(witness);
    cluster.run(10);
    cluster.start(witness, later);
    expect(evidenceOf(witness)).toHaveLength(1);
    cluster.run(100);
    expect(evidenceOf(later)).toEqual(evidenceOf(witness));
    expect(cluster.nodes.map(stored)).toEqual([1, 1, 1, 1]);
    expect(cluster.nodes.flatMap(({ misbehaved }) => misbehaved)).toEqual([]);
  });

  it('of two votes that an engine heard reaches all and holds offline', () => {
    const cluster = ready(4, 1, tendermint as Protocol<unknown>);
    const [witness, liar] = cluster.nodes as [TestNode, TestNode];
    const { ledger } = witness.validator as NonNullable<TestNode['validator']>;
    const instance = instanceOf(cluster.chainId, ledger.configurationHash, headerAt(ledger, 0)?.hash ?? '');
    for (const id of [null, payloadId('11'.repeat(32))]) {
      const vote = { kind: 'prevote', height: 1, round: 0, id, voter: nodeId(liar.name) } as const;
      const signature = liar.signer.sign(tendermint.signBytes(vote, instance) ?? new Uint8Array());
      const frame = { instance, body: tendermint.encode(vote).body, payloads: [], signature };
      for (const bytes of encodePackets([{ kind: 'frame', frame }])) {
        cluster.tell(witness, { kind: 'packet', from: liar.networkKey, bytes });
      }
    }
    cluster.run(100);
    expect(cluster.nodes.map((node) => evidenceOf(node).length)).toEqual([1, 1, 1, 1]);
    const [record = new Uint8Array()] = evidenceOf(cluster.node(3));
    expect(verifyEvidence(record, { genesis: cluster.genesis })).toMatchObject({
      ok: true,
      report: { validator: liar.name, first: { kind: 'prevote', index: 1, round: 0 } },
    });
  });

  it('takes from the proposals of whom it proves a liar what they count for, also after a restart', () => {
    const cluster = ready(4, 1, tendermint as Protocol<unknown>);
    const [witness, other, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    let at = 0;
    const proposers = (): Set<string> => {
      const found = new Set<string>();
      for (let i = 0; i < 8; i++) {
        const operation = { module: 'coordination', method: 'create', arguments: [`/e${at++}`, new Uint8Array()] };
        cluster.submit(other, cluster.transaction([operation]).bytes);
        cluster.until(() => cluster.nodes.every(({ validator }) => validator?.ledger.tip.header.height === at), 2000);
        found.add(witness.validator?.ledger.tip.header.epoch.node ?? '');
      }
      return found;
    };
    expect(proposers()).toContain(liar.name);
    tell(cluster, witness, other, [twice(cluster, liar, 5)]);
    cluster.run(100);
    expect(proposers()).toEqual(new Set(cluster.nodes.map(({ name }) => name).filter((name) => name !== liar.name)));
    for (const node of cluster.nodes) cluster.kill(node);
    cluster.run(10);
    cluster.start();
    cluster.until(() => cluster.nodes.every((node) => node.validator?.status().mode === 'validator'), 5000);
    expect(proposers()).not.toContain(liar.name);
  });

  it('is kept once and passed on once, whichever of the two statements comes first', () => {
    const cluster = ready();
    const [a, b, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    const record = decodeEvidence(twice(cluster, liar, 7));
    const swapped = encodeEvidence({ ...record, first: record.second, second: record.first });
    const packets = carried(cluster, () => {
      tell(cluster, a, b, [swapped]);
      cluster.run(100);
    });
    // The first tells three; two of these do not know yet and tell the two that did not tell them.
    expect(packets).toBeLessThanOrEqual(9);
    const again = carried(cluster, () => {
      tell(cluster, a, b, [encodeEvidence(record), swapped]);
      cluster.run(100);
    });
    expect(again).toBe(0);
    expect(cluster.nodes.map((node) => evidenceOf(node).length)).toEqual([1, 1, 1, 1]);
  });

  it('reaches observers', () => {
    const cluster = ready(3);
    const observer = cluster.add('observer');
    cluster.start(observer);
    const [a, b, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    tell(cluster, a, b, [twice(cluster, liar, 7)]);
    cluster.run(100);
    expect(evidenceOf(observer)).toHaveLength(1);
  });

  it.each([
    ['is malformed', 'malformed evidence', () => Uint8Array.of(1)],
    [
      'is of a key without a seat',
      'evidence that proves nothing: SIGNER_UNKNOWN',
      (cluster: Cluster, liar: TestNode) => twice(cluster, liar, 7, { signingKey: 'ee'.repeat(32) as never }),
    ],
    [
      'says one thing twice',
      'evidence that proves nothing: EVIDENCE_CONSISTENT',
      (cluster: Cluster, liar: TestNode) => {
        const { first } = decodeEvidence(twice(cluster, liar, 7));
        return twice(cluster, liar, 7, { second: first });
      },
    ],
    [
      'has a wrong signature',
      'evidence that proves nothing: SIGNATURE_INVALID',
      (cluster: Cluster, liar: TestNode) => {
        const { first } = decodeEvidence(twice(cluster, liar, 7));
        return twice(cluster, liar, 7, { first: { ...first, signature: new Uint8Array(64) } });
      },
    ],
  ] as const)('that %s is charged to its sender', (_, reason, make) => {
    const cluster = ready();
    const [a, b, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    tell(cluster, a, b, [make(cluster, liar)]);
    expect(a.misbehaved).toEqual([reason]);
    expect(evidenceOf(a)).toEqual([]);
  });

  it('of a configuration not known here is left aside without blame', () => {
    const cluster = ready();
    const [a, b, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    tell(cluster, a, b, [twice(cluster, liar, 7, { configurationHash: 'ee'.repeat(32) as never })]);
    expect([a.misbehaved, evidenceOf(a)]).toEqual([[], []]);
  });

  it('of a configuration that a node comes to later is judged then, without another connection', () => {
    const cluster = ready();
    const [a, b, liar, late] = cluster.nodes as [TestNode, TestNode, TestNode, TestNode];
    cluster.kill(late);
    agree(cluster, [nextConfiguration(cluster)]);
    const record = twice(cluster, liar, 7);
    const { signingKey } = decodeEvidence(twice(cluster, b, 8));
    const forged = encodeEvidence({ ...decodeEvidence(record), signingKey });
    tell(cluster, a, b, [record]);
    // What peers know of it comes over the new link at once, and so before the first block.
    cluster.start(late);
    tell(cluster, late, b, [forged]);
    expect([evidenceOf(late), late.misbehaved]).toEqual([[], []]);
    cluster.until(() => evidenceOf(late).length > 0);
    cluster.run(100);
    expect(evidenceOf(late)).toEqual(evidenceOf(a));
    expect(late.misbehaved).toEqual(['evidence that proves nothing: SIGNATURE_INVALID']);
  });

  it('that waits for a configuration has a limit for each peer, and goes with its link', () => {
    const cluster = ready();
    const [, b, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    const records = Array.from({ length: EVIDENCE_WAITING_PER_PEER_MAX + 1 }, (_, i) =>
      decodeEvidence(twice(cluster, liar, i + 1)),
    );
    const waiting = new WaitingEvidence();
    for (const record of records) waiting.add(liar.networkKey, record);
    for (const record of records.slice(0, 2)) waiting.add(b.networkKey, record);
    const long = { bytes: new Uint8Array(STATEMENT_BYTES_MAX + 1), signature: new Uint8Array(64) };
    for (const record of records.slice(0, 1)) waiting.add(b.networkKey, { ...record, second: long });
    expect(waiting.take(() => false)).toEqual([]);
    waiting.disconnected(liar.networkKey);
    expect(waiting.take(() => true)).toEqual(records.slice(0, 2).map((record) => ({ peer: b.networkKey, record })));
    for (const record of records) waiting.add(liar.networkKey, record);
    expect(waiting.take(() => true)).toHaveLength(EVIDENCE_WAITING_PER_PEER_MAX);
    expect(waiting.take(() => true)).toEqual([]);
  });

  it('has limits for each validator, in all, and for messages over one link; the first records stay', () => {
    const validators = EVIDENCE_MAX / EVIDENCE_PER_VALIDATOR_MAX + 1;
    const cluster = new Cluster({ validators });
    cluster.start(cluster.node(0));
    const [a, b] = cluster.nodes as [TestNode, TestNode];
    const heights = Array.from({ length: EVIDENCE_PER_VALIDATOR_MAX + 1 }, (_, i) => i + 1);
    const first = twice(cluster, b, 100);
    tell(cluster, a, b, [first]);
    for (const liar of cluster.nodes) {
      const before = evidenceOf(a).length;
      tell(
        cluster,
        a,
        b,
        heights.map((at) => twice(cluster, liar, at)),
      );
      expect(evidenceOf(a).length - before).toBeLessThanOrEqual(EVIDENCE_PER_VALIDATOR_MAX);
    }
    expect(evidenceOf(a)).toHaveLength(EVIDENCE_MAX);
    expect(evidenceOf(a)[0]).toEqual(first);
    expect(a.misbehaved).toEqual([]);
    for (let i = 0; i < EVIDENCE_MESSAGES_MAX; i++) tell(cluster, a, b, []);
    expect(a.misbehaved).toContain('a flood of evidence');
  });

  it('that rotted on disk is given again by peers', () => {
    const cluster = ready();
    const [a, b, liar] = cluster.nodes as [TestNode, TestNode, TestNode];
    tell(cluster, a, b, [twice(cluster, liar, 7)]);
    cluster.run(100);
    cluster.kill(a);
    for (const { key, value } of [...a.store.records.values()]) {
      if (key[0] !== RECORD_KIND.evidence) continue;
      const rotten = new Uint8Array(value);
      rotten[3] = (rotten[3] ?? 0) ^ 1;
      a.store.records.set(toHex(key), { key, value: rotten });
    }
    cluster.start(a);
    expect(evidenceOf(a)).toEqual([]);
    cluster.run(100);
    expect(evidenceOf(a)).toEqual(evidenceOf(b));
  });
});
