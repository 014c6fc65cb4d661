import { encodePackets, type PeerMessage } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import type { Liar } from './liar.ts';
import type { Trick } from './trick.ts';

/** Packets each time it speaks. */
const PACKETS = 6;

/** Says again and again what it heard, and asks for everything there is: valid, and far too much. */
export class Flood implements Trick {
  hits = 0;
  readonly #liar: Liar;
  readonly #dice: Dice;

  constructor(liar: Liar, dice: Dice) {
    this.#liar = liar;
    this.#dice = dice;
  }

  speak(): readonly Uint8Array[] {
    const { remembered } = this.#liar;
    this.hits += 1;
    return Array.from({ length: PACKETS }, () => {
      const isOld = remembered.length > 0 && this.#dice.chance(0.6);
      return isOld ? [this.#dice.pick(remembered)] : encodePackets([this.#question()]);
    }).flat();
  }

  #question(): PeerMessage {
    const dice = this.#dice;
    const { plot, voice } = this.#liar;
    switch (dice.between(0, 5)) {
      case 0:
        return { kind: 'blocksWanted', from: dice.between(0, plot.height), to: plot.height + 1000 };
      case 1:
        return { kind: 'barrierWanted', context: dice.between(0, 1_000_000) };
      case 2:
        return { kind: 'offer', ids: Array.from({ length: 20 }, () => dice.bytes(32)) };
      case 3:
        return { kind: 'wanted', ids: Array.from({ length: 20 }, () => dice.bytes(32)) };
      default: {
        if (plot.instance === undefined) return { kind: 'blocksWanted', from: 1, to: 1 };
        const { height, round, instance } = plot;
        const isRead = dice.chance(0.5);
        return isRead
          ? voice.frameOf({ kind: 'readRequest', context: dice.between(1, 1_000_000) }, instance)
          : voice.frameOf({ kind: 'status', height: Math.max(1, height - 1), round, base: 0, reply: true }, instance);
      }
    }
  }
}
