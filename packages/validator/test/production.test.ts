import type { Protocol } from '@varve/consensus';
import { nodeId, utf8Encode } from '@varve/encoding';
import { encodePayload, type Operation, payloadIdOf } from '@varve/ledger';
import { headerAt } from '@varve/ledger/chain';
import { describe, expect, it } from 'vitest';
import { type TendermintMessage, tendermint } from '../../tendermint/src/index.ts';
import { encodePackets } from '../src/packet.ts';
import { instanceOf } from '../src/stored-instance.ts';
import { Cluster, START, type TestNode } from './cluster.ts';

const HOUR_MS = 3_600_000;
let counter = 0;

function create(): Operation {
  return { module: 'coordination', method: 'create', arguments: [`/p${counter++}`, utf8Encode('value')] };
}

function heightOf(node: TestNode): number {
  return node.validator?.status().durableHeight ?? 0;
}

/** Submits at each node and waits for each of the blocks. */
function submitAtEach(cluster: Cluster, nodes: readonly TestNode[]): void {
  for (const node of nodes) {
    const [transaction, before] = [cluster.transaction([create()]), heightOf(node)];
    cluster.submit(node, transaction.bytes);
    cluster.until(() => cluster.nodes.every((one) => heightOf(one) > before), 2000);
  }
}

describe('production', () => {
  it('takes no time from what a liar proposes: nothing expires, and own payloads are as good as before', () => {
    const cluster = new Cluster({ validators: 4, protocol: tendermint as Protocol<unknown> }).start();
    cluster.until(() => cluster.nodes.every((node) => node.validator?.status().mode === 'validator'), 5000);
    const [witness, , , liar] = cluster.nodes as [TestNode, TestNode, TestNode, TestNode];
    const honest = cluster.nodes.filter((node) => node !== liar);
    submitAtEach(cluster, cluster.nodes);
    const { ledger } = witness.validator as NonNullable<TestNode['validator']>;
    const instance = instanceOf(cluster.chainId, ledger.configurationHash, headerAt(ledger, 0)?.hash ?? '');
    const voter = nodeId(liar.name);
    const height = ledger.applied + 4;
    const epoch = { number: 1, node: voter };
    const bytes = encodePayload({
      index: height,
      epoch,
      time: START + HOUR_MS,
      transactions: [cluster.transaction([create()]).bytes],
    });
    const payload = { id: payloadIdOf(bytes), bytes };
    const proposal: TendermintMessage = { kind: 'proposal', height, round: 0, validRound: null, epoch, payload, voter };
    const signature = liar.signer.sign(tendermint.signBytes(proposal, instance) ?? new Uint8Array());
    const frame = { instance, body: tendermint.encode(proposal).body, payloads: [bytes], signature };
    for (const packet of encodePackets([{ kind: 'frame', frame }])) {
      for (const node of honest) cluster.tell(node, { kind: 'packet', from: liar.networkKey, bytes: packet });
    }
    const before = cluster.now;
    submitAtEach(cluster, [...honest, ...honest]);
    expect(cluster.now - before).toBeLessThan(2000);
    expect(honest.flatMap(({ notices }) => notices.filter(({ kind }) => kind === 'discarded'))).toEqual([]);
    expect(ledger.tip.header.time).toBeLessThanOrEqual(START + cluster.now);
    expect(cluster.nodes.flatMap(({ misbehaved }) => misbehaved)).toEqual([]);
  });
});
