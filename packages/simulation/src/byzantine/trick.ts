import type { PublicKeyHex } from '@varve/encoding';
import type { PeerMessage } from '@varve/validator';

/** One way to lie, while it lasts. */
export interface Trick {
  /** How often it lied. */
  hits: number;
  /** What is said to `to` instead of `message`; the same array where that is the truth. */
  twist?(message: PeerMessage, to: PublicKeyHex): readonly PeerMessage[];
  /** What is said to `to` unasked, every few milliseconds: whole packets. */
  speak?(to: PublicKeyHex): readonly Uint8Array[];
}
