import type { Protocol } from '@varve/consensus';
import { raft } from '@varve/raft';
import { describe, expect, it } from 'vitest';
import { tendermint } from '../../tendermint/src/index.ts';
import { decodePacket, type PeerMessage } from '../src/packet.ts';
import { Cluster, type TestNode } from './cluster.ts';
import { agree, nextConfiguration } from './governing.ts';

const PROTOCOLS = [
  { name: 'Raft', protocol: raft as Protocol<unknown> },
  { name: 'Tendermint', protocol: tendermint as Protocol<unknown> },
];

function isHello({ kind }: PeerMessage): boolean {
  return kind === 'hello';
}

function times(code: string, nodes: readonly TestNode[]): readonly number[] {
  return nodes.map(({ logs }) => logs.filter((line) => line.code === code).length);
}

describe.each(PROTOCOLS)('a new configuration under $name', ({ protocol }) => {
  it.each([1, 2, 3])('begins for who comes last with what the others said in it before (seed %i)', (seed) => {
    const cluster = new Cluster({ validators: 4, protocol, seed }).start();
    const last = cluster.node(3);
    const others = cluster.nodes.slice(0, 3);
    cluster.until(() => `${times('ENGINE_STARTED', cluster.nodes)}` === '1,1,1,1', 5000);
    for (const node of others) cluster.link(last, node, false);
    agree(cluster, [nextConfiguration(cluster)]);
    cluster.until(() => `${times('ENGINE_STARTED', others)}` === '2,2,2', 5000);
    // What greets it once it stands where they do is lost.
    const hasBegun = (): boolean => times('CONFIGURATION_BEGAN', [last])[0] === 1;
    cluster.lose = (_from, to, packet) => to === last && hasBegun() && decodePacket(packet).some(isHello);
    for (const node of others) cluster.link(last, node, true);
    cluster.until(hasBegun, 5000);
    cluster.until(() => times('ENGINE_STARTED', [last])[0] === 2, 5000);
    expect(times('CONFIGURATION_BEGAN', cluster.nodes)).toEqual([1, 1, 1, 1]);
  });
});
