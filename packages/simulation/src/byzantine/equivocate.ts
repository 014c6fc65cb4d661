import type { PayloadId, PublicKeyHex } from '@varve/encoding';
import { encodePackets, type Frame, type PeerMessage } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import type { Liar } from './liar.ts';
import type { Plot } from './plot.ts';
import type { Trick } from './trick.ts';
import { messageIn, type Proposal, type SignedVote, type Voice, type Vote } from './voice.ts';

/** How often peers hear both stories, and not each its own. */
const BOTH_SHARE = 0.3;
/** How often a vote is twisted that belongs to no invented proposal. */
const STRAY_SHARE = 0.2;
/** How often something is said unasked when there is the time for it. */
const SPEAK_SHARE = 0.3;
/** How often it does nothing with its spare time but vote in the next round, so that others hurry after it. */
const HURRY_SHARE = 0.2;
/** How far from the present place it may be. */
const ROUNDS_AHEAD_MAX = 30;

/** Signs validly what contradicts itself: other proposals and votes for other peers, and votes that nobody asked for. */
export class Equivocate implements Trick {
  hits = 0;
  readonly #voice: Voice;
  readonly #plot: Plot;
  readonly #dice: Dice;
  readonly #tellsBoth: boolean;
  readonly #hurries: boolean;

  constructor({ voice, plot }: Liar, dice: Dice) {
    this.#voice = voice;
    this.#plot = plot;
    this.#dice = dice;
    this.#tellsBoth = dice.chance(BOTH_SHARE);
    this.#hurries = dice.chance(HURRY_SHARE);
  }

  twist(message: PeerMessage, to: PublicKeyHex): readonly PeerMessage[] {
    const said = message.kind === 'frame' ? messageIn(message.frame) : undefined;
    if (message.kind !== 'frame' || said === undefined) return [message];
    switch (said.kind) {
      case 'proposal':
        if (said.payload.bytes.length === 0) return [message];
        return this.#tell(message, this.#plot.otherThan(said), message.frame, to);
      case 'prevote':
      case 'precommit':
        return this.#tell(message, { ...said, id: this.#otherVote(said) }, message.frame, to);
      case 'votes': {
        if (!this.#plot.isOther(said.height, to)) return [message];
        const votes = said.votes.map((vote) => this.#otherSigned(vote, message.frame.instance));
        return [this.#voice.frameOf({ ...said, votes }, message.frame.instance)];
      }
      default:
        return [message];
    }
  }

  speak(): readonly Uint8Array[] {
    const { instance, height, round } = this.#plot;
    if (instance === undefined || !(this.#hurries || this.#dice.chance(SPEAK_SHARE))) return [];
    this.hits += 1;
    if (this.#hurries) return encodePackets([this.#voice.frameOf(this.#voteAt(height, round + 1), instance)]);
    const at = height + (this.#dice.chance(0.15) ? this.#dice.pick([-1, 1]) : 0);
    const said = this.#dice.chance(0.3) ? this.#proposalAt(at, this.#roundNear(round)) : undefined;
    const message = said ?? this.#voteAt(at, this.#roundNear(round));
    return encodePackets([this.#voice.frameOf(message, instance)]);
  }

  #tell(truth: PeerMessage, other: Proposal | Vote, { instance }: Frame, to: PublicKeyHex): readonly PeerMessage[] {
    const twisted = this.#voice.frameOf(other, instance);
    if (this.#tellsBoth) {
      this.hits += 1;
      return this.#plot.isOther(other.height, to) ? [twisted, truth] : [truth, twisted];
    }
    if (!this.#plot.isOther(other.height, to)) return [truth];
    this.hits += 1;
    return [twisted];
  }

  /** For the other story where there is one, else now and then for anything. */
  #otherVote({ height, id }: Pick<Vote, 'height' | 'id'>): PayloadId | null {
    const other = id === null ? undefined : this.#plot.otherOf(height, id);
    if (other !== undefined) return other;
    return this.#dice.chance(STRAY_SHARE) ? this.#anyId(height) : id;
  }

  #otherSigned(vote: SignedVote, instance: Frame['instance']): SignedVote {
    if (vote.voter !== this.#voice.name || vote.id === null) return vote;
    const other = this.#plot.otherOf(vote.height, vote.id);
    return other === undefined ? vote : this.#voice.signed({ ...vote, id: other }, instance);
  }

  #anyId(height: number): PayloadId | null {
    const ids = this.#plot.payloadsAt(height).map(({ id }) => id);
    return this.#dice.pick([null, ...ids]);
  }

  #roundNear(round: number): number {
    if (this.#dice.chance(0.6)) return round;
    return this.#dice.chance(0.7)
      ? Math.max(0, round + this.#dice.pick([-1, 1]))
      : round + this.#dice.between(2, ROUNDS_AHEAD_MAX);
  }

  #voteAt(height: number, round: number): Vote {
    const kind = this.#dice.chance(0.5) ? 'prevote' : 'precommit';
    return { kind, height: Math.max(1, height), round, id: this.#anyId(height), voter: this.#voice.name };
  }

  /** Out of turn, or with a round that its payload never was valid in. */
  #proposalAt(height: number, round: number): Proposal | undefined {
    const payloads = this.#plot.payloadsAt(height);
    if (payloads.length === 0) return undefined;
    const validRound = round > 0 && this.#dice.chance(0.5) ? this.#dice.between(0, round - 1) : null;
    const isOld = validRound !== null && this.#dice.chance(0.5);
    const node = validRound === null ? this.#voice.name : this.#plot.proposerOf(height, validRound);
    const epoch = { number: (validRound ?? round) + 1, node };
    const known = this.#dice.pick(payloads);
    const payload = isOld ? known : this.#plot.payloadFor({ height, epoch, payload: known }, this.#dice);
    return payload && { kind: 'proposal', height, round, validRound, epoch, payload, voter: this.#voice.name };
  }
}
