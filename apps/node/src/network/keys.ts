import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { fromHex, type PublicKeyHex, publicKeyHex, toHex } from '@varve/encoding';

/** The Ed25519 public key that `peerId` spells, or `undefined` when it is a key of another type. */
export function networkKeyOf(peerId: PeerId): PublicKeyHex | undefined {
  return peerId.type === 'Ed25519' ? publicKeyHex(toHex(peerId.publicKey.raw)) : undefined;
}

/**
 * The libp2p peer id of an Ed25519 public key: the multihash of the key itself.
 * @see libp2p specs, peer-ids.
 */
export function peerIdOf(networkKey: PublicKeyHex): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(fromHex(networkKey)));
}
