import { randomBytes } from 'node:crypto';
import { instanceId, toHex } from '@varve/encoding';
import { encodePackets, type PeerMessage } from '@varve/validator';
import { mutated } from '../../../../packages/simulation/src/byzantine/garbage.ts';
import type { Liar } from '../../../../packages/simulation/src/byzantine/liar.ts';
import { Dice } from '../../../../packages/simulation/src/world/dice.ts';

/** Drawn once: making random bytes would cost more than sending them. */
const NOISE_BYTES = 1024 * 1024;
const BODY_BYTES_MIN = 1_000;
const BODY_BYTES_MAX = 16_000;
/** About the size of a small transaction. */
const ITEM_BYTES = 300;
const IDS = 300;
const ID_BYTES = 32;
const VOTES = 200;

/** Makes bytes that no correct node sends. */
export class GarbageSource {
  readonly #liar: Liar;
  readonly #dice: Dice = new Dice(`garbage ${toHex(randomBytes(8))}`);
  readonly #noise: Uint8Array = randomBytes(NOISE_BYTES);

  constructor(liar: Liar) {
    this.#liar = liar;
  }

  /** Packets that cannot be read, or prove to be forged: whoever gets one cuts the sender off. */
  unreadable(): readonly Uint8Array[] {
    const { remembered } = this.#liar;
    const forged = remembered.length > 0 ? [mutated(this.#dice.pick(remembered), this.#dice)] : [];
    return [...forged, this.#slice(this.#dice.between(1, BODY_BYTES_MAX))];
  }

  /** Packets that are well-formed and worth nothing: nobody is cut off for one. */
  worthless(): readonly Uint8Array[] {
    return encodePackets([this.#worthless()]);
  }

  #worthless(): PeerMessage {
    const bytes = this.#dice.between(BODY_BYTES_MIN, BODY_BYTES_MAX);
    switch (this.#dice.between(0, 3)) {
      case 0: {
        const instance = instanceId(toHex(this.#slice(ID_BYTES)));
        return { kind: 'frame', frame: { instance, body: this.#slice(bytes), payloads: [], signature: null } };
      }
      case 1:
        return { kind: 'offer', ids: Array.from({ length: IDS }, () => this.#slice(ID_BYTES)) };
      case 2:
        return this.#repeatedVotes() ?? this.#worthless();
      default: {
        const transactions = Array.from({ length: Math.ceil(bytes / ITEM_BYTES) }, () => this.#slice(ITEM_BYTES));
        return { kind: 'transactions', transactions };
      }
    }
  }

  /** One true vote as often as a message takes it: each is to be verified. */
  #repeatedVotes(): PeerMessage | undefined {
    const { plot, voice } = this.#liar;
    const { instance, height, round } = plot;
    if (instance === undefined) return undefined;
    const place = { height: height + 1, round };
    const vote = voice.signed({ kind: 'prevote', ...place, id: null, voter: voice.name }, instance);
    return voice.frameOf({ kind: 'votes', ...place, votes: Array.from({ length: VOTES }, () => vote) }, instance);
  }

  #slice(length: number): Uint8Array {
    const from = this.#dice.between(0, NOISE_BYTES - length);
    return this.#noise.subarray(from, from + length);
  }
}
