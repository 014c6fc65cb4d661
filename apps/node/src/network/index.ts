export type { GossipTopic } from './gossip.ts';
export { networkKeyOf, peerIdOf } from './keys.ts';
export { GOSSIP_BYTES_MAX, PACKET_BYTES_MAX, WRITE_BUFFER_BYTES_MAX } from './limits.ts';
export { Network } from './network.ts';
export { type NetworkOptions, packetProtocol } from './options.ts';
