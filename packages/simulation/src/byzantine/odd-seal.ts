import type { PublicKeyHex } from '@varve/encoding';
import { toHex } from '@varve/encoding';
import { chainIdOf, decodeSeal, encodeSeal, type Genesis, sealSignBytes } from '@varve/ledger';
import type { PeerMessage } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import type { Liar } from './liar.ts';
import type { Trick } from './trick.ts';

/** How often a peer hears the true seal too. */
const BOTH_SHARE = 0.3;

/** Seals blocks that there are not. */
export class OddSeal implements Trick {
  hits = 0;
  readonly #liar: Liar;
  readonly #genesis: Genesis;
  readonly #dice: Dice;

  constructor(liar: Liar, genesis: Genesis, dice: Dice) {
    this.#liar = liar;
    this.#genesis = genesis;
    this.#dice = dice;
  }

  twist(message: PeerMessage, to: PublicKeyHex): readonly PeerMessage[] {
    if (message.kind !== 'seals') return [message];
    const seals = message.seals.flatMap((bytes) => {
      if (!this.#liar.plot.isOther(decodeSeal(bytes).height, to)) return [bytes];
      this.hits += 1;
      const odd = this.#odd(bytes);
      if (!this.#dice.chance(BOTH_SHARE)) return [odd];
      return this.#dice.chance(0.5) ? [bytes, odd] : [odd, bytes];
    });
    return [{ kind: 'seals', seals }];
  }

  #odd(bytes: Uint8Array): Uint8Array {
    const seal = decodeSeal(bytes);
    const blockHash = toHex(this.#dice.bytes(32)) as typeof seal.blockHash;
    const signed = sealSignBytes(chainIdOf(this.#genesis), seal.configurationHash, seal.height, blockHash);
    return encodeSeal({ ...seal, blockHash, signature: this.#liar.voice.sign(signed) });
  }
}
