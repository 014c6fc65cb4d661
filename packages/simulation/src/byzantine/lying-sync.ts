import { decodeHello, encodeHello, type Frame, type PeerMessage } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import { mutated } from './garbage.ts';
import type { Liar } from './liar.ts';
import type { Trick } from './trick.ts';
import { messageIn } from './voice.ts';

type Blocks = Extract<PeerMessage, { kind: 'blocks' }>['blocks'];

/** How far ahead of the truth it claims to be, so that others ask it. */
const AHEAD_MAX = 40;

/** Draws those who are behind to itself and hands them altered blocks, wrong certificates, or nothing. */
export class LyingSync implements Trick {
  hits = 0;
  readonly #liar: Liar;
  readonly #dice: Dice;

  constructor(liar: Liar, dice: Dice) {
    this.#liar = liar;
    this.#dice = dice;
  }

  twist(message: PeerMessage): readonly PeerMessage[] {
    switch (message.kind) {
      case 'hello': {
        const hello = decodeHello(message.hello);
        const finalHeight = (hello.finalHeight + this.#dice.between(0, AHEAD_MAX)) as typeof hello.finalHeight;
        this.hits += 1;
        return [{ kind: 'hello', hello: encodeHello({ ...hello, height: finalHeight, finalHeight }) }];
      }
      case 'blocks':
        this.hits += 1;
        return this.#dice.chance(0.2) ? [] : [{ kind: 'blocks', blocks: this.#altered(message.blocks) }];
      case 'frame':
        return [this.#frame(message, message.frame)];
      default:
        return [message];
    }
  }

  #altered(blocks: Blocks): Blocks {
    const dice = this.#dice;
    const at = blocks.length === 0 ? 0 : dice.between(0, blocks.length - 1);
    const alter = (change: (item: Blocks[number]) => Blocks[number]): Blocks =>
      blocks.map((item, i) => (i === at ? change(item) : item));
    switch (dice.between(0, 5)) {
      case 0:
        return [];
      case 1:
        return alter((item) => ({ ...item, block: mutated(item.block, dice) }));
      case 2:
        return alter((item) => ({ ...item, certificate: item.certificate && mutated(item.certificate, dice) }));
      case 3:
        return blocks.slice(1);
      case 4:
        return alter((item) => ({ ...item, certificate: null }));
      default:
        // Certificates of other blocks.
        return blocks.map((item, i) => ({ ...item, certificate: blocks[blocks.length - 1 - i]?.certificate ?? null }));
    }
  }

  #frame(truth: PeerMessage, frame: Frame): PeerMessage {
    const dice = this.#dice;
    const said = messageIn(frame);
    if (said?.kind === 'status') {
      this.hits += 1;
      const height = Math.max(1, said.height + dice.between(-3, AHEAD_MAX));
      const base = dice.chance(0.5) ? height : said.base;
      return this.#liar.voice.frameOf({ ...said, height, base }, frame.instance);
    }
    if (said?.kind !== 'decided' || said.payload.bytes.length === 0) return truth;
    this.hits += 1;
    const { plot, voice } = this.#liar;
    if (dice.chance(0.3)) return voice.frameOf({ ...said, precommits: said.precommits.slice(1) }, frame.instance);
    const node = dice.pick(plot.voters);
    const epoch = { ...said.epoch, node };
    const isOther = dice.chance(0.5);
    const payload = (isOther ? plot.payloadFor({ ...said, epoch }, dice) : undefined) ?? said.payload;
    const precommits = said.precommits.map((vote) => ({ ...vote, id: payload.id }));
    return voice.frameOf({ ...said, epoch, payload, precommits }, frame.instance);
  }
}
