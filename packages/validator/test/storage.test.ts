import { fromHex, height, toHex, utf8Encode } from '@varve/encoding';
import { encodeCertificate, encodeSeal, type Operation, type Seal, sealSignBytes } from '@varve/ledger';
import {
  certificateAt,
  type GenesisModule,
  headerKey,
  type Ledger,
  RECORD_KIND,
  RecordDamaged,
  transactionsAt,
} from '@varve/ledger/chain';
import { builtinModules } from '@varve/modules';
import { describe, expect, it } from 'vitest';
import { LOOK_UPS_PER_SECOND } from '../src/admission.ts';
import { decodePacket, encodePackets } from '../src/packet.ts';
import { Cluster, START, type TestNode } from './cluster.ts';

let counter = 0;

function create(path = `/s${counter++}`): Operation {
  return { module: 'coordination', method: 'create', arguments: [path, utf8Encode('value')] };
}

function heightOf(node: TestNode): number {
  return node.validator?.status().durableHeight ?? 0;
}

function settled(cluster: Cluster, nodes: readonly TestNode[] = cluster.nodes): boolean {
  return (
    new Set(nodes.map((node) => node.validator?.ledger.tip.hash)).size === 1 &&
    nodes.every((node) => node.validator?.ledger.finalHeight === node.validator?.ledger.tip.header.height)
  );
}

/** A settled network of `validators` with `blocks` blocks, one transaction each. */
function grown(validators: number, blocks: number, seed = 1): Cluster {
  const cluster = new Cluster({ validators, seed }).start();
  cluster.until(() => cluster.leader !== undefined, 5000);
  for (let i = 0; i < blocks; i++) {
    const at = heightOf(cluster.node(0));
    cluster.submit(cluster.node(0), cluster.transaction([create()]).bytes);
    cluster.until(() => heightOf(cluster.node(0)) > at && settled(cluster));
  }
  return cluster;
}

function ledgerOf(node: TestNode): Ledger {
  if (node.validator === undefined) throw new Error(`${node.name} is down`);
  return node.validator.ledger;
}

function follower(cluster: Cluster): TestNode {
  return cluster.nodes.find((node) => node !== cluster.leader) as TestNode;
}

/** Flips one bit of a stored record, as a disk would. */
function rot(node: TestNode, key: Uint8Array): void {
  const record = node.store.records.get(toHex(key));
  if (record === undefined) throw new Error('no such record');
  const value = new Uint8Array(record.value);
  value[0] = (value[0] ?? 0) ^ 1;
  record.value = value;
}

function keysOf(node: TestNode, kind: number): Uint8Array[] {
  return [...node.store.entries({ gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) })].map(([key]) => key);
}

describe('blocks that are gone', () => {
  it('are fetched again, also where nothing names them any more; the validator votes no more', () => {
    const cluster = grown(4, 6);
    const node = follower(cluster);
    const { hash } = ledgerOf(node).tip;
    cluster.kill(node);
    rot(node, headerKey(3));
    rot(node, headerKey(4));
    cluster.start(node);
    expect(node.validator?.status()).toMatchObject({ mode: 'observer-only', durableHeight: 2 });
    expect(node.validator?.status().conditions).toContainEqual({
      code: 'BLOCKS_LOST',
      detail: 'blocks from 3 on are gone and are fetched again',
      nodes: [],
    });
    cluster.until(() => ledgerOf(node).tip.hash === hash && ledgerOf(node).finalHeight === 6);
    for (let at = 1; at <= 6; at++) expect(transactionsAt(ledgerOf(node), at)).toHaveLength(1);
    cluster.kill(node);
    cluster.start(node);
    cluster.run(5000);
    expect(node.validator?.status()).toMatchObject({ mode: 'observer-only', durableHeight: 6 });
  });

  it('are fetched again where the state that they made is gone too', () => {
    const cluster = grown(4, 6);
    const node = follower(cluster);
    const { hash } = ledgerOf(node).tip;
    cluster.kill(node);
    rot(node, headerKey(5));
    rot(node, keysOf(node, RECORD_KIND.state)[0] as Uint8Array);
    cluster.start(node);
    expect(node.validator?.status()).toMatchObject({ mode: 'observer-only', durableHeight: 4 });
    cluster.until(() => ledgerOf(node).tip.hash === hash);
  });
});

describe('damaged records', () => {
  it('fetches a block with a damaged header again from peers', () => {
    const cluster = grown(4, 6);
    const node = follower(cluster);
    cluster.kill(node);
    rot(node, headerKey(3));
    cluster.start(node);
    expect(node.validator?.status().conditions.map(({ code }) => code)).toContain('BLOCKS_DAMAGED');
    cluster.until(() => node.logs.some((line) => line.code === 'BLOCK_MENDED'), 10_000);
    cluster.until(() => node.validator?.status().conditions.length === 0);
    for (let at = 1; at <= 6; at++) expect(transactionsAt(ledgerOf(node), at)).toHaveLength(1);
  });

  it('fetches a damaged payload again from peers as soon as somebody reads it', () => {
    const cluster = grown(4, 6);
    const node = follower(cluster);
    cluster.kill(node);
    const payloads = keysOf(node, RECORD_KIND.payload);
    rot(node, payloads[0] as Uint8Array);
    cluster.start(node);
    const read = (): number[] => {
      const counts: number[] = [];
      for (let at = 1; at <= 6; at++) {
        try {
          counts.push(transactionsAt(ledgerOf(node), at).length);
        } catch (error) {
          if (!(error instanceof RecordDamaged)) throw error;
          node.validator?.reportDamage(error);
        }
      }
      return counts;
    };
    expect(read()).toHaveLength(5);
    cluster.until(() => node.logs.some((line) => line.code === 'BLOCK_MENDED'), 10_000);
    expect(read()).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('names what to do about damage that peers cannot mend', () => {
    const cluster = grown(3, 2);
    const node = follower(cluster);
    node.validator?.reportDamage(new RecordDamaged(Uint8Array.of(RECORD_KIND.undo, 0, 0, 0, 0, 0, 0, 0, 1)));
    cluster.run(1500);
    expect(node.halted).toMatchObject({ code: 'RECORD_DAMAGED', detail: expect.stringContaining('--rebuild') });
  });

  it('makes a damaged state anew from the blocks', () => {
    const cluster = grown(4, 5);
    const node = follower(cluster);
    const root = node.validator?.ledger.tip.header.stateRoot;
    cluster.kill(node);
    for (const key of keysOf(node, RECORD_KIND.state).slice(0, 3)) rot(node, key);
    cluster.start(node);
    expect(node.logs.map(({ code }) => code)).toContain('STATE_REBUILT');
    expect(node.validator?.ledger.treeAt(node.validator.ledger.tip.header.height)?.root).toEqual(root);
    const at = heightOf(node);
    cluster.submit(node, cluster.transaction([create()]).bytes);
    cluster.until(() => heightOf(node) > at && settled(cluster));
  });

  it.each([
    [
      'a damaged log entry',
      'ENGINE_RECORD_DAMAGED',
      (node: TestNode) => rot(node, keysOf(node, RECORD_KIND.engineEntry).at(-1) as Uint8Array),
    ],
    [
      'a damaged engine state',
      'ENGINE_RECORD_DAMAGED',
      (node: TestNode) => rot(node, keysOf(node, RECORD_KIND.engineState)[0] as Uint8Array),
    ],
    [
      'a missing batch',
      'JOURNAL_GAP',
      (node: TestNode) => node.store.records.delete(toHex(keysOf(node, RECORD_KIND.journal).at(-3) as Uint8Array)),
    ],
    [
      'a damaged journal entry',
      'JOURNAL_GAP',
      (node: TestNode) => rot(node, keysOf(node, RECORD_KIND.journal)[0] as Uint8Array),
    ],
  ] as const)('runs observer-only after %s, also after another restart', (_, code, spoil) => {
    const cluster = grown(4, 4);
    const node = follower(cluster);
    // Something that is not certified yet, so that the log has an entry.
    cluster.submit(node, cluster.transaction([create()]).bytes);
    cluster.until(() => keysOf(node, RECORD_KIND.engineEntry).length > 0);
    cluster.kill(node);
    spoil(node);
    cluster.start(node);
    cluster.run(3000);
    expect(node.validator?.status()).toMatchObject({ mode: 'observer-only', observerOnly: { code } });
    const at = heightOf(node);
    cluster.submit(cluster.leader as TestNode, cluster.transaction([create()]).bytes);
    cluster.until(() => heightOf(node) > at, 10_000);
    cluster.kill(node);
    cluster.start(node);
    cluster.run(3000);
    expect(node.validator?.status()).toMatchObject({ mode: 'observer-only', observerOnly: { code } });
  });
});

describe('seals', () => {
  it('one lying seal', () => {
    const cluster = grown(4, 2);
    const node = follower(cluster);
    const liar = cluster.nodes.find((other) => other !== node && other !== cluster.leader) as TestNode;
    const { ledger } = node.validator as NonNullable<TestNode['validator']>;
    const index = ledger.configuration.validators.findIndex((member) => member.networkKey === liar.networkKey);
    const at = height(ledger.tip.header.height + 1);
    const wrong = ledger.tip.hash;
    const seal: Seal = {
      configurationHash: ledger.configurationHash,
      height: at,
      blockHash: wrong,
      validatorIndex: index,
      signature: liar.signer.sign(sealSignBytes(cluster.chainId, ledger.configurationHash, at, wrong)),
    };
    const [packet] = encodePackets([{ kind: 'seals', seals: [encodeSeal(seal)] }]);
    cluster.tell(node, { kind: 'packet', from: liar.networkKey, bytes: packet as Uint8Array });
    cluster.submit(node, cluster.transaction([create()]).bytes);
    cluster.until(() => heightOf(node) === at && settled(cluster));
    expect(node.halted).toBeUndefined();
    expect(keysOf(node, RECORD_KIND.evidence)).toHaveLength(1);
  });

  it('a certificate of another block stops the validator with STATE_DIVERGED', () => {
    const cluster = grown(3, 2);
    const node = follower(cluster);
    const { ledger } = node.validator as NonNullable<TestNode['validator']>;
    const rest = cluster.nodes.filter((other) => other !== node);
    for (const other of rest) cluster.link(node, other, false);
    cluster.submit(cluster.leader as TestNode, cluster.transaction([create()]).bytes);
    cluster.run(500);
    // The two others sign a block that never was, at a height that this node has executed but holds no certificate of.
    const at = ledger.finalHeight;
    const fake = '11'.repeat(32) as never;
    const signatures = ledger.configuration.validators.flatMap((member, validatorIndex) => {
      const signer = rest.find((other) => other.networkKey === member.networkKey);
      const bytes = sealSignBytes(cluster.chainId, ledger.configurationHash, height(at + 1), fake);
      return signer ? [{ validatorIndex, signature: signer.signer.sign(bytes) }] : [];
    });
    const certificate = encodeCertificate({
      height: height(at + 1),
      blockHash: fake,
      configurationHash: ledger.configurationHash,
      signatures,
    });
    const [packet] = encodePackets([{ kind: 'certificate', certificate }]);
    cluster.tell(node, { kind: 'packet', from: (rest[0] as TestNode).networkKey, bytes: packet as Uint8Array });
    for (const other of rest) cluster.link(node, other, true);
    cluster.until(() => node.halted !== undefined, 20_000);
    expect(node.halted?.code).toBe('STATE_DIVERGED');
  });
});

describe('the pool', () => {
  it('is bounded and says POOL_FULL with a time to come back', () => {
    const cluster = new Cluster({ validators: 3, pool: { transactions: 5 } });
    const node = cluster.node(0);
    cluster.start(node);
    const verdicts = Array.from({ length: 8 }, () => cluster.submit(node, cluster.transaction([create()]).bytes)[0]);
    expect(verdicts.filter((verdict) => verdict?.admitted)).toHaveLength(5);
    expect(verdicts.at(-1)).toMatchObject({ admitted: false, code: 'POOL_FULL', retry: 'later' });
  });

  it('looks up what seems to be executed so often in a second, and takes what is new all the while', () => {
    const cluster = grown(3, 1);
    const node = cluster.node(1);
    const { bytes } = cluster.transaction([create()]);
    cluster.submit(node, bytes);
    cluster.run(2000);
    const again = () => cluster.submit(node, ...Array.from({ length: LOOK_UPS_PER_SECOND + 3 }, () => bytes));
    for (let second = 0; second < 2; second++) {
      const answers = again();
      expect(answers.slice(0, LOOK_UPS_PER_SECOND).every((one) => one.admitted && one.known)).toBe(true);
      for (const one of answers.slice(LOOK_UPS_PER_SECOND))
        expect(one).toMatchObject({ admitted: false, code: 'LOOK_UPS_SPENT', retry: 'later' });
      expect(cluster.submit(node, cluster.transaction([create()]).bytes)).toMatchObject([{ admitted: true }]);
      cluster.run(2000);
    }
  });

  it('refuses each bad transaction with its own code', () => {
    const cluster = grown(3, 1);
    const node = cluster.node(1);
    const good = cluster.transaction([create()]);
    const badSignature = new Uint8Array(good.bytes);
    badSignature[badSignature.length - 1] = (badSignature.at(-1) ?? 0) ^ 1;
    const otherChain = new Cluster({ validators: 4 }).transaction([create()]);
    const stranger = cluster.transaction([create()], cluster.node(2).signer);
    const expired = cluster.transaction([create()], cluster.client, -1);
    const tooFar = cluster.transaction([create()], cluster.client, 3_600_000);
    const tooMany = cluster.transaction(Array.from({ length: 65 }, () => create()));
    const codes = cluster
      .submit(
        node,
        badSignature,
        otherChain.bytes,
        stranger.bytes,
        expired.bytes,
        tooFar.bytes,
        tooMany.bytes,
        fromHex('d28443'),
        good.bytes,
      )
      .map((admission) => (admission.admitted ? 'ADMITTED' : admission.code));
    expect(codes).toEqual([
      'SIGNATURE_INVALID',
      'CHAIN_MISMATCH',
      'KEY_INACTIVE',
      'TRANSACTION_EXPIRED',
      'VALIDITY_TOO_LONG',
      'TRANSACTION_TOO_LARGE',
      'TRANSACTION_MALFORMED',
      'TRANSACTION_CONFLICT',
    ]);
  });
});

describe('timers', () => {
  it('a timer on an idle chain', () => {
    const fired: number[] = [];
    const alarm: GenesisModule = {
      name: 'alarm',
      methods: ['arm'],
      execute: (_, args, context) => {
        context.schedule(args[0] as number, utf8Encode('x'), 'ring', []);
        return null;
      },
      timer: (_, __, context) => {
        fired.push(context.time);
        context.emit('rang', context.time);
      },
    };
    const cluster = new Cluster({ validators: 3, modules: new Map([...builtinModules(), ['alarm', alarm]]) }).start();
    cluster.until(() => cluster.leader !== undefined, 5000);
    const due = START + cluster.now + 2345;
    cluster.submit(cluster.node(0), cluster.transaction([{ module: 'alarm', method: 'arm', arguments: [due] }]).bytes);
    cluster.until(() => heightOf(cluster.node(0)) === 1);
    cluster.run(due - START - cluster.now - 1);
    expect(fired).toEqual([]);
    cluster.until(() => cluster.nodes.every((node) => heightOf(node) === 2), 100);
    expect(fired).toHaveLength(3);
    expect(Math.min(...fired)).toBeGreaterThanOrEqual(due);
    cluster.run(5000);
    expect(heightOf(cluster.node(0))).toBe(2);
  });
});

describe('certificates', () => {
  it('are completed for blocks that became final by a later one, so that block sync finds them', () => {
    const cluster = grown(4, 1);
    const node = follower(cluster);
    // This node hears of the seals only afterwards, the newest first, and of no certificate.
    const held: { readonly from: TestNode; readonly packet: Uint8Array }[] = [];
    cluster.lose = (from, to, packet) => {
      const kinds = kindsIn(packet);
      if (to !== node || !(kinds.includes('seals') || kinds.includes('certificate'))) return false;
      if (kinds.includes('seals')) held.push({ from, packet });
      return true;
    };
    for (let i = 0; i < 5; i++) {
      const at = heightOf(node);
      cluster.submit(node, cluster.transaction([create()]).bytes);
      cluster.until(() => heightOf(node) > at);
    }
    cluster.run(50);
    expect(node.validator?.ledger.finalHeight).toBe(1);
    for (const { from, packet } of held.reverse()) {
      cluster.tell(node, { kind: 'packet', from: from.networkKey, bytes: packet });
    }
    expect(node.validator?.ledger.finalHeight).toBe(6);
    for (let at = 2; at <= 6; at++) expect(certificateAt(ledgerOf(node), at)?.height).toBe(at);
    expect(node.misbehaved).toEqual([]);
  });
});

function kindsIn(packet: Uint8Array): string[] {
  return decodePacket(packet).map((message) => message.kind);
}
