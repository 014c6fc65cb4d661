import { afterEach, describe, expect, it } from 'vitest';
import { GOSSIP_BYTES_MAX } from '../../src/network/index.ts';
import { peerOf, startNode, stopAll, until, untilLinked } from './harness.ts';

afterEach(stopAll);

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** Publishes numbered messages until `isTrue`: right after connecting, subscriptions may still be under way. */
async function publishUntil(publish: (text: string) => void, isTrue: () => boolean): Promise<void> {
  let count = 0;
  await until(() => {
    if (isTrue()) return true;
    publish(`warm-up ${count++}`);
    return false;
  }, 'gossip arrives');
}

describe('gossip', () => {
  it('reaches everybody through a node in the middle', async () => {
    const [observer, middle, far] = [await startNode(1), await startNode(2), await startNode(3)];
    observer.network.setPeers([peerOf(middle)]);
    far.network.setPeers([peerOf(middle)]);
    await Promise.all([untilLinked(observer, middle), untilLinked(far, middle)]);
    await publishUntil(
      (text) => observer.network.publish('transactions', bytes(text)),
      () => far.gossip.length > 0,
    );
    observer.network.publish('transactions', bytes('tx'));
    far.network.publish('blocks', bytes('block'));
    await until(() => far.gossip.some(({ data }) => data === 'tx'), 'transaction arrived');
    await until(() => observer.gossip.some(({ data }) => data === 'block'), 'block arrived');
    expect(far.gossip.find(({ data }) => data === 'tx')).toEqual({
      from: middle.key,
      topic: 'transactions',
      data: 'tx',
    });
    expect(middle.gossip.find(({ data }) => data === 'tx')?.from).toBe(observer.key);
    expect(observer.gossip.find(({ data }) => data === 'block')?.topic).toBe('blocks');
    expect(far.gossip.filter(({ data }) => data === 'tx')).toHaveLength(1);
  });

  it('stops where it is rejected', async () => {
    const judged: string[] = [];
    const onGossip = (_from: string, _topic: string, data: Uint8Array) => {
      const text = Buffer.from(data).toString();
      judged.push(text);
      return text.startsWith('bad') ? Promise.resolve(false) : true;
    };
    const [observer, middle, far] = [await startNode(1), await startNode(2, { onGossip }), await startNode(3)];
    observer.network.setPeers([peerOf(middle)]);
    far.network.setPeers([peerOf(middle)]);
    await Promise.all([untilLinked(observer, middle), untilLinked(far, middle)]);
    await publishUntil(
      (text) => observer.network.publish('transactions', bytes(text)),
      () => far.gossip.length > 0,
    );
    observer.network.publish('transactions', bytes('bad'));
    await until(() => judged.includes('bad'), 'judged');
    observer.network.publish('transactions', bytes('good'));
    await until(() => far.gossip.some(({ data }) => data === 'good'), 'the next one arrived');
    expect(far.gossip.map(({ data }) => data)).not.toContain('bad');
  });

  it('goes on after crossing dials and after a restart in the middle', async () => {
    const [a, c] = [await startNode(1), await startNode(3)];
    let middle = await startNode(2);
    const connect = async () => {
      a.network.setPeers([peerOf(middle)]);
      c.network.setPeers([peerOf(middle)]);
      middle.network.setPeers([peerOf(a), peerOf(c)]);
      await Promise.all([untilLinked(a, middle), untilLinked(c, middle)]);
    };
    await connect();
    await publishUntil(
      (text) => a.network.publish('blocks', bytes(text)),
      () => c.gossip.length > 0,
    );
    await middle.network.stop();
    middle = await startNode(2, { listen: [middle.address] });
    await connect();
    await publishUntil(
      (text) => a.network.publish('blocks', bytes(`again ${text}`)),
      () => c.gossip.some(({ data }) => data.startsWith('again')),
    );
  });

  it('to nobody, and twice the same, is no error; too large is', async () => {
    const { network } = await startNode(1);
    network.publish('blocks', bytes('a'));
    network.publish('blocks', bytes('a'));
    expect(() => network.publish('blocks', new Uint8Array(GOSSIP_BYTES_MAX + 1))).toThrow('PACKET_TOO_LARGE');
  });
});
