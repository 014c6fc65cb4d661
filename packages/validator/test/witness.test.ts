import type { Protocol, SignedBytes, ValidatorMember } from '@varve/consensus';
import { blockHash, configurationHash, height, type InstanceId, utf8Encode } from '@varve/encoding';
import { encodeSeal, type Operation, type Seal, sealSignBytes } from '@varve/ledger';
import { headerAt } from '@varve/ledger/chain';
import { raft } from '@varve/raft';
import { describe, expect, it } from 'vitest';
import { tendermint } from '../../tendermint/src/index.ts';
import { encodeHello, type Witness } from '../src/hello.ts';
import { decodePacket, encodePackets, type PeerMessage } from '../src/packet.ts';
import { instanceOf } from '../src/stored-instance.ts';
import { Cluster, START, type TestNode } from './cluster.ts';
import { agree, ledgerOf, nextConfiguration } from './governing.ts';

const byzantine = tendermint as Protocol<unknown>;
let counter = 0;

function create(): Operation {
  return { module: 'coordination', method: 'create', arguments: [`/w${counter++}`, utf8Encode('value')] };
}

function validatorOf(node: TestNode): NonNullable<TestNode['validator']> {
  if (node.validator === undefined) throw new Error(`${node.name} is down`);
  return node.validator;
}

function modeOf(node: TestNode): string {
  return validatorOf(node).status().mode;
}

/** One block that all running nodes have with its certificate. */
function grow(cluster: Cluster, at: TestNode = cluster.node(0)): void {
  const before = validatorOf(at).ledger.finalHeight;
  cluster.submit(at, cluster.transaction([create()]).bytes);
  const up = cluster.nodes.filter((node) => node.validator);
  cluster.until(() => up.every((node) => validatorOf(node).ledger.finalHeight > before), 10_000);
}

function grown(blocks: number, protocol: Protocol<unknown> = byzantine): Cluster {
  const cluster = new Cluster({ validators: 4, protocol }).start();
  cluster.until(() => cluster.nodes.every((node) => modeOf(node) === 'validator'), 5000);
  for (let i = 0; i < blocks; i++) grow(cluster);
  return cluster;
}

function tell(cluster: Cluster, to: TestNode, from: TestNode, ...messages: readonly PeerMessage[]): void {
  for (const bytes of encodePackets(messages)) {
    cluster.tell(to, { kind: 'packet', from: from.networkKey, bytes });
  }
}

function instanceIn(cluster: Cluster): InstanceId {
  const { ledger } = validatorOf(cluster.node(1));
  return instanceOf(cluster.chainId, ledger.configurationHash, headerAt(ledger, 0)?.hash ?? '');
}

function memberOf(node: TestNode): ValidatorMember {
  const { member } = validatorOf(node).status();
  if (member === undefined) throw new Error(`${node.name} has no seat`);
  return member;
}

/** A greeting of `liar` that claims this of `victim`. */
function claim(cluster: Cluster, liar: TestNode, victim: TestNode, claimed: Partial<Witness>): PeerMessage {
  const { chainId, configurationHash } = validatorOf(liar).ledger;
  const { signingKey, name } = memberOf(victim);
  const most = { signingKey, instance: instanceIn(cluster), epoch: { number: 1_000, node: name }, index: 5 };
  return {
    kind: 'hello',
    hello: encodeHello({
      chainId,
      configurationHash,
      height: 0,
      finalHeight: 0,
      bootId: 'ab'.repeat(16),
      clock: START + cluster.now,
      rules: 1,
      witnesses: [{ ...most, sealedHeight: 0, ...claimed }],
    }),
  };
}

/** A seal of height `at` that `signer` signed in the name of `victim`, under the present configuration or another. */
function sealOf(
  cluster: Cluster,
  victim: TestNode,
  signer: TestNode,
  at: number,
  configurationHash = validatorOf(cluster.node(1)).ledger.configurationHash,
): Uint8Array {
  const { configuration } = validatorOf(cluster.node(1)).ledger;
  const block = blockHash('11'.repeat(32));
  const seal: Seal = {
    configurationHash,
    height: height(at),
    blockHash: block,
    validatorIndex: configuration.validators.findIndex(({ networkKey }) => networkKey === victim.networkKey),
    signature: signer.signer.sign(sealSignBytes(cluster.chainId, configurationHash, height(at), block)),
  };
  return encodeSeal(seal);
}

/** A precommit of index `at` that `signer` signed in the name of `victim`. */
function voteOf(cluster: Cluster, victim: TestNode, signer: TestNode, at: number): SignedBytes {
  const vote = { kind: 'precommit', height: at, round: 0, id: null, voter: memberOf(victim).name } as const;
  const bytes = tendermint.signBytes(vote, instanceIn(cluster)) ?? new Uint8Array();
  return { bytes, signature: signer.signer.sign(bytes) };
}

describe('an idle network under Tendermint, which says nothing while there is nothing to order', () => {
  it('knows that it has no quorum, and who is missing', () => {
    const cluster = grown(1);
    const [a, b, c, d] = cluster.nodes as [TestNode, TestNode, TestNode, TestNode];
    const conditions = (): readonly object[] => validatorOf(a).status().conditions;
    cluster.link(a, c, false);
    cluster.run(1000);
    expect(conditions()).toEqual([]);
    cluster.link(a, d, false);
    expect(conditions()).toMatchObject([{ code: 'NO_QUORUM', nodes: [c.name, d.name] }]);
    expect(validatorOf(b).status().conditions).toEqual([]);
    cluster.link(a, d, true);
    cluster.until(() => conditions().length === 0, 5000);
  });
});

describe('what a liar claims', () => {
  it.each([
    ['votes', {}],
    ['seals', { epoch: { number: 0, node: '' as const }, index: 0, sealedHeight: 1_000 }],
  ])('of %s in its Hello alone stops no honest validator from starting', (_, claimed) => {
    const cluster = grown(2);
    const [victim, liar] = cluster.nodes as [TestNode, TestNode];
    cluster.kill(victim);
    cluster.run(50);
    cluster.link(victim, liar, false);
    cluster.start(victim);
    for (let i = 0; i < 10; i++) {
      tell(cluster, victim, liar, claim(cluster, liar, victim, claimed));
      cluster.run(100);
    }
    expect(modeOf(victim)).toBe('validator');
    expect(victim.logs.filter(({ code }) => code === 'CLAIM_UNPROVEN')).toHaveLength(1);
    grow(cluster, victim);
  });

  it('is not heard: a claim that is not shown does not count among those a start needs', () => {
    const cluster = grown(1);
    const [victim, liar, other, away] = cluster.nodes as [TestNode, TestNode, TestNode, TestNode];
    cluster.kill(victim);
    cluster.kill(away);
    cluster.run(50);
    cluster.link(victim, liar, false);
    cluster.start(victim);
    tell(cluster, victim, liar, claim(cluster, liar, victim, {}));
    cluster.run(2000);
    expect(modeOf(victim)).toBe('starting');
    expect(modeOf(other)).toBe('validator');
    cluster.start(away);
    cluster.until(() => modeOf(victim) === 'validator', 5000);
  });

  it.each([
    [
      'a vote',
      (cluster: Cluster, victim: TestNode, liar: TestNode) => ({
        statement: voteOf(cluster, victim, liar, 1_000),
        seal: null,
      }),
    ],
    [
      'a seal',
      (cluster: Cluster, victim: TestNode, liar: TestNode) => ({
        statement: null,
        seal: sealOf(cluster, victim, liar, 1_000),
      }),
    ],
    ['bytes that are no seal', () => ({ statement: null, seal: Uint8Array.of(1) })],
  ])('and forges as %s is charged to it, and the validator starts', (_, forge) => {
    const cluster = grown(2);
    const [victim, liar] = cluster.nodes as [TestNode, TestNode];
    cluster.kill(victim);
    cluster.run(50);
    cluster.start(victim);
    tell(cluster, victim, liar, { kind: 'witness', ...forge(cluster, victim, liar) });
    expect(victim.misbehaved).toHaveLength(1);
    cluster.until(() => modeOf(victim) === 'validator', 5000);
    expect(cluster.nodes.filter((node) => node !== victim).flatMap(({ misbehaved }) => misbehaved)).toEqual([]);
  });
});

describe('what a witness shows', () => {
  it('is no lie where the seal is of a configuration in which this validator may have another key', () => {
    const cluster = grown(2);
    const [victim, other] = cluster.nodes as [TestNode, TestNode];
    cluster.kill(victim);
    cluster.run(50);
    cluster.start(victim);
    const seal = sealOf(cluster, victim, other, 1_000, configurationHash('22'.repeat(32)));
    tell(cluster, victim, other, { kind: 'witness', statement: null, seal });
    cluster.until(() => modeOf(victim) === 'validator', 5000);
    expect(victim.misbehaved).toEqual([]);
  });

  it('tells a validator with an older copy of its store that it must not vote', () => {
    const cluster = grown(2);
    const [victim, other] = cluster.nodes as [TestNode, TestNode];
    const backup = victim.store.copy();
    for (let i = 0; i < 2; i++) grow(cluster);
    cluster.kill(victim);
    victim.store = backup;
    cluster.run(50);
    cluster.start(victim);
    cluster.until(() => modeOf(victim) !== 'starting', 5000);
    const { observerOnly } = validatorOf(victim).status();
    expect(observerOnly).toMatchObject({ code: 'STORE_ROLLED_BACK', reason: expect.stringContaining('shows that') });
    expect(victim.misbehaved).toEqual([]);
    // It follows, and the others go on without it.
    grow(cluster, other);
  });

  it('counts also when the configuration of the forgotten seal has passed, and its blocks are here again', () => {
    const cluster = grown(1);
    const [victim, ...others] = cluster.nodes as [TestNode, ...TestNode[]];
    const backup = victim.store.copy();
    agree(cluster, [nextConfiguration(cluster, { payloadBytesMax: 300_000 })]);
    const { hash, first } = ledgerOf(cluster.node(1)).ruling;
    cluster.until(() => others.every((node) => ledgerOf(node).ruling.hash === hash), 5000);
    cluster.kill(victim);
    victim.store = backup;
    cluster.run(50);
    // The proofs are lost on the way until the victim has all blocks.
    cluster.lose = (from, to, packet) => {
      const messages = to === victim ? decodePacket(packet) : [];
      if (!messages.some(({ kind }) => kind === 'witness')) return false;
      tell(cluster, victim, from, ...messages.filter(({ kind }) => kind !== 'witness'));
      return true;
    };
    cluster.start(victim);
    cluster.until(() => ledgerOf(victim).ruling.hash === hash, 10_000);
    cluster.run(3000);
    expect([modeOf(victim), first > 2]).toEqual(['starting', true]);
    cluster.lose = () => false;
    cluster.until(() => modeOf(victim) !== 'starting', 5000);
    expect(validatorOf(victim).status().observerOnly?.reason).toContain(`sealed height ${first - 1}`);
  });

  it('is the vote where no seal was made', () => {
    const cluster = grown(1);
    const [victim, a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode, TestNode];
    const backup = victim.store.copy();
    // Whoever votes for the next block dies before it has executed it.
    const hasVoted = (): boolean => (validatorOf(victim).status().engine?.epoch.number ?? 0) > 0;
    cluster.tell(a, { kind: 'submit', request: 9000, transactions: [cluster.transaction([create()]).bytes] });
    let said = 0;
    cluster.lose = (from, _to, packet) => {
      const frames = decodePacket(packet).filter(({ kind }) => kind === 'frame').length;
      if (from === victim && frames > 0) said += frames;
      // Nobody hears enough to decide, the victim least of all.
      return from !== victim && frames > 0 && said > 0;
    };
    cluster.until(() => hasVoted() && said > 3, 3000);
    cluster.kill(victim);
    cluster.run(20);
    expect([a, b, c].map((node) => validatorOf(node).ledger.tip.header.height)).toEqual([1, 1, 1]);
    victim.store = backup;
    cluster.start(victim);
    cluster.until(() => modeOf(victim) !== 'starting', 5000);
    expect(validatorOf(victim).status().observerOnly?.reason).toContain('signed index');
  });

  it.each([0, 5])('outlives a restart of all: a certificate has the seal, %i blocks before the newest', (later) => {
    const cluster = grown(1);
    const [victim, ...rest] = cluster.nodes as [TestNode, ...TestNode[]];
    const backup = victim.store.copy();
    for (let i = 0; i < 3; i++) grow(cluster);
    cluster.kill(victim);
    for (let i = 0; i < later; i++) grow(cluster, rest[0]);
    const sealed = rest.map((node) => validatorOf(node).ledger.finalHeight);
    expect(Math.min(...sealed)).toBeGreaterThan(1 + later);
    for (const node of rest) cluster.kill(node);
    victim.store = backup;
    cluster.start(...rest);
    cluster.run(300);
    cluster.start(victim);
    cluster.until(() => modeOf(victim) !== 'starting', 5000);
    expect(validatorOf(victim).status().observerOnly?.reason).toMatch(/sealed height [34];/);
  });

  it('goes again with every Hello until the member has voted in its new run', () => {
    const cluster = grown(1);
    const [victim, a] = cluster.nodes as [TestNode, TestNode];
    let shown = 0;
    cluster.lose = (from, to, packet) => {
      if (from === a && to === victim && decodePacket(packet).some(({ kind }) => kind === 'witness')) shown += 1;
      return false;
    };
    cluster.run(3000);
    expect(shown).toBe(0);
    cluster.kill(victim);
    cluster.run(50);
    cluster.start(victim);
    cluster.run(5000);
    const idle = shown;
    expect(idle).toBeGreaterThan(4);
    grow(cluster, a);
    // A Hello is up to a second old.
    cluster.run(2000);
    shown = 0;
    cluster.run(3000);
    expect(shown).toBe(0);
  });

  it('is nothing to others than its signer, nor under crash faults', () => {
    const cluster = grown(1, raft as Protocol<unknown>);
    const [victim, other] = cluster.nodes as [TestNode, TestNode];
    let shown = 0;
    cluster.lose = (_from, _to, packet) => {
      if (decodePacket(packet).some(({ kind }) => kind === 'witness')) shown += 1;
      return false;
    };
    cluster.kill(victim);
    cluster.run(50);
    cluster.start(victim);
    tell(cluster, victim, other, { kind: 'witness', statement: null, seal: sealOf(cluster, victim, other, 1_000) });
    cluster.until(() => modeOf(victim) === 'validator', 5000);
    expect([shown, victim.misbehaved]).toEqual([0, []]);
  });
});
