import { createHash } from 'node:crypto';
import { type GossipSub, type GossipSubComponents, gossipsub } from '@libp2p/gossipsub';
import { createTopicScoreParams } from '@libp2p/gossipsub/score';
import { GOSSIP_BYTES_MAX, STREAM_BUFFER_BYTES_MAX } from './limits.ts';

/** What is spread by gossip: finished blocks from validators, transactions from observers. */
export type GossipTopic = 'blocks' | 'transactions';

/** All topics, in a fixed order. */
export const gossipTopics: readonly GossipTopic[] = ['blocks', 'transactions'];

/** The name of `topic` on the wire: another chain's is another topic. */
export function topicName(chainId: string, topic: GossipTopic): string {
  return `/varve/${chainId}/${topic}`;
}

const ENVELOPE_BYTES_MAX = 64 * 1024;
/** Two members that do not know us better send a handful of each per heartbeat; the defaults are thousands. */
const decodeRpcLimits = {
  maxSubscriptions: 16,
  maxMessages: 64,
  maxIhaveMessageIDs: 1_024,
  maxIwantMessageIDs: 1_024,
  maxIdontwantMessageIDs: 512,
  maxControlMessages: 64,
  maxPeerInfos: 16,
};

/**
 * Only rejected messages count, and mildly, since an honest peer may be ahead of us: some 30 within a few seconds, or
 * 3 a second for long, and a peer is ignored. A quiet topic costs nothing, nor does sharing an address.
 */
const topicScore = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -0.1,
  invalidMessageDeliveriesDecay: 0.9,
});

/**
 * Gossip among members. Messages are unsigned, which halves their cost: a message is judged by its content, and the
 * peer that passed it on is known from its connection. Its id is the hash of topic and data, so equal messages are one.
 */
export function gossipService(chainId: string): (components: GossipSubComponents) => GossipSub {
  const names = gossipTopics.map((topic) => topicName(chainId, topic));
  return gossipsub({
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: ({ topic, data }) => createHash('sha256').update(topic).update(data).digest(),
    allowedTopics: names,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    doPX: false,
    emitSelf: false,
    tagMeshPeers: false,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: GOSSIP_BYTES_MAX + ENVELOPE_BYTES_MAX,
    maxOutboundBufferSize: STREAM_BUFFER_BYTES_MAX,
    decodeRpcLimits,
    scoreParams: {
      IPColocationFactorWeight: 0,
      topics: Object.fromEntries(names.map((name) => [name, topicScore])),
    },
  });
}
