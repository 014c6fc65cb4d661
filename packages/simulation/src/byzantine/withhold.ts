import type { PublicKeyHex } from '@varve/encoding';
import type { PeerMessage } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import type { Trick } from './trick.ts';
import { messageIn } from './voice.ts';

const WITHHELD = [
  'proposal',
  'prevote',
  'precommit',
  'votes',
  'decided',
  'payload',
  'seals',
  'certificate',
  'transactions',
  'blocks',
] as const;

/** Keeps things of some kinds from some peers. */
export class Withhold implements Trick {
  hits = 0;
  readonly #victims: ReadonlySet<PublicKeyHex>;
  readonly #kinds: ReadonlySet<string>;

  constructor(peers: readonly PublicKeyHex[], dice: Dice) {
    this.#victims = new Set(dice.sample(peers, dice.between(1, peers.length)));
    this.#kinds = new Set(dice.sample(WITHHELD, dice.between(1, WITHHELD.length)));
  }

  twist(message: PeerMessage, to: PublicKeyHex): readonly PeerMessage[] {
    if (!this.#victims.has(to)) return [message];
    const kind = message.kind === 'frame' ? (messageIn(message.frame)?.kind ?? '') : message.kind;
    if (this.#kinds.has(kind)) {
      this.hits += 1;
      return [];
    }
    if (message.kind !== 'frame' || message.frame.payloads.length === 0 || !this.#kinds.has('payload'))
      return [message];
    this.hits += 1;
    return [{ kind: 'frame', frame: { ...message.frame, payloads: [] } }];
  }
}
