import type { Status } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Peers } from './peers.ts';

/** The connected member that is furthest: it takes over soonest. */
export function successorOf(status: Status, peers: Peers): NodeId | undefined {
  const connected = new Set<NodeId>();
  for (const peer of peers.members()) connected.add(peer.member.name);
  const [best] = status.peers.filter((peer) => connected.has(peer.id)).sort((a, b) => b.match - a.match);
  return best?.id;
}
