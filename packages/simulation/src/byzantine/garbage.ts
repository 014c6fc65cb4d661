import { PACKET_BYTES_MAX } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import type { Liar } from './liar.ts';
import type { Trick } from './trick.ts';

const RANDOM_BYTES_MAX = 400;
const SPEAK_SHARE = 0.2;

/** Sends bytes that mean nothing: random ones, real packets with a few changed, and one packet that is too long. */
export class Garbage implements Trick {
  hits = 0;
  readonly #liar: Liar;
  readonly #dice: Dice;
  #wasLong = false;

  constructor(liar: Liar, dice: Dice) {
    this.#liar = liar;
    this.#dice = dice;
  }

  speak(): readonly Uint8Array[] {
    const dice = this.#dice;
    if (!dice.chance(SPEAK_SHARE)) return [];
    this.hits += 1;
    if (!this.#wasLong) {
      this.#wasLong = true;
      return [new Uint8Array(PACKET_BYTES_MAX + 1)];
    }
    const { remembered } = this.#liar;
    if (remembered.length === 0 || dice.chance(0.3)) return [dice.bytes(dice.between(0, RANDOM_BYTES_MAX))];
    return [mutated(dice.pick(remembered), dice)];
  }
}

/** A copy with some bytes changed, cut off or added. */
export function mutated(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let i = dice.between(1, 3); i > 0 && copy.length > 0; i--)
    copy[dice.between(0, copy.length - 1)] = dice.between(0, 255);
  switch (dice.between(0, 3)) {
    case 0:
      return copy.subarray(0, dice.between(0, copy.length));
    case 1:
      return Uint8Array.from([...copy, ...dice.bytes(8)]);
    default:
      return copy;
  }
}
