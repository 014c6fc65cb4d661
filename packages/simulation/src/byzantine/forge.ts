import { type BlockHash, type ConfigurationHash, height as heightOf, type NodeId, toHex } from '@varve/encoding';
import {
  chainIdOf,
  configurationHashOf,
  decodeCertificate,
  decodeSeal,
  encodeCertificate,
  encodeSeal,
  type Genesis,
  sealSignBytes,
} from '@varve/ledger';
import type { TendermintMessage } from '@varve/tendermint';
import { encodePackets, type Frame, type PeerMessage } from '@varve/validator';
import type { Dice } from '../world/dice.ts';
import type { Liar } from './liar.ts';
import type { Trick } from './trick.ts';
import { messageIn, type SignedVote, type Vote } from './voice.ts';

/** How often something true is changed, and how often something is said unasked. */
const TWIST_SHARE = 0.3;
const SPEAK_SHARE = 0.3;

/** Signs in the name of others, with its own key or none, and counts itself several times. */
export class Forge implements Trick {
  hits = 0;
  readonly #liar: Liar;
  readonly #genesis: Genesis;
  readonly #configurationHash: ConfigurationHash;
  readonly #dice: Dice;

  constructor(liar: Liar, genesis: Genesis, dice: Dice) {
    this.#liar = liar;
    this.#genesis = genesis;
    this.#configurationHash = configurationHashOf(genesis.configuration);
    this.#dice = dice;
  }

  twist(message: PeerMessage): readonly PeerMessage[] {
    if (!this.#dice.chance(TWIST_SHARE)) return [message];
    const forged = this.#forged(message);
    if (forged === message) return [message];
    this.hits += 1;
    return this.#dice.chance(0.5) ? [forged] : [forged, message];
  }

  speak(): readonly Uint8Array[] {
    if (!this.#dice.chance(SPEAK_SHARE)) return [];
    const { instance } = this.#liar.plot;
    this.hits += 1;
    const isCertificate = instance === undefined || this.#dice.chance(0.2);
    return encodePackets([isCertificate ? this.#certificate() : this.#inventedFrame(instance)]);
  }

  #forged(message: PeerMessage): PeerMessage {
    const dice = this.#dice;
    switch (message.kind) {
      case 'frame':
        return this.#forgedFrame(message, message.frame);
      case 'seals': {
        const validatorIndex = dice.between(0, this.#genesis.configuration.validators.length);
        return {
          kind: 'seals',
          seals: message.seals.map((seal) => encodeSeal({ ...decodeSeal(seal), validatorIndex })),
        };
      }
      case 'certificate': {
        const certificate = decodeCertificate(message.certificate);
        const blockHash = toHex(dice.bytes(32)) as BlockHash;
        return { kind: 'certificate', certificate: encodeCertificate({ ...certificate, blockHash }) };
      }
      default:
        return message;
    }
  }

  #forgedFrame(message: PeerMessage, frame: Frame): PeerMessage {
    if (frame.signature && this.#dice.chance(0.5)) {
      return { kind: 'frame', frame: { ...frame, signature: this.#dice.bytes(64) } };
    }
    const said = messageIn(frame);
    switch (said?.kind) {
      case 'proposal':
      case 'prevote':
      case 'precommit':
        return this.#liar.voice.frameOf({ ...said, voter: this.#anybody() }, frame.instance);
      case 'votes': {
        const votes = [...said.votes, ...this.#quorumFor(said, frame.instance)];
        return this.#liar.voice.frameOf({ ...said, votes }, frame.instance);
      }
      default:
        return message;
    }
  }

  #inventedFrame(instance: Frame['instance']): PeerMessage {
    const { plot, voice } = this.#liar;
    const { height, round } = plot;
    return voice.frameOf(this.#invented({ height, round }, instance), instance);
  }

  #invented(at: { readonly height: number; readonly round: number }, instance: Frame['instance']): TendermintMessage {
    const dice = this.#dice;
    switch (dice.between(0, 3)) {
      case 0:
        return { kind: 'readResponse', context: dice.between(1, 2 ** 30), ok: true, barrier: at.height + 9, proof: [] };
      case 1: {
        const vote = this.#vote(at);
        return { ...vote, voter: this.#anybody() };
      }
      case 2: {
        const decided = this.#decided(at, instance);
        if (decided) return decided;
        return { kind: 'votes', ...at, votes: this.#quorumFor(at, instance) };
      }
      default:
        return { kind: 'votes', ...at, votes: this.#quorumFor(at, instance) };
    }
  }

  /** A quorum of votes for one payload: its own vote again and again, or in the names of all. */
  #quorumFor(at: { readonly height: number; readonly round: number }, instance: Frame['instance']): SignedVote[] {
    const { plot, voice } = this.#liar;
    const vote = this.#vote(at);
    const isAllOwn = this.#dice.chance(0.6);
    return Array.from({ length: plot.quorum }, (_, i) =>
      voice.signed({ ...vote, voter: isAllOwn ? voice.name : (plot.voters[i] ?? voice.name) }, instance),
    );
  }

  #decided(
    { height, round }: { readonly height: number; readonly round: number },
    instance: Frame['instance'],
  ): TendermintMessage | undefined {
    const { plot, voice } = this.#liar;
    const payloads = plot.payloadsAt(height);
    if (payloads.length === 0) return undefined;
    const payload = this.#dice.pick(payloads);
    const vote = { kind: 'precommit', height, round, id: payload.id } as const;
    const count = this.#dice.chance(0.5) ? plot.quorum : this.#dice.between(1, plot.quorum - 1);
    const own = voice.signed({ ...vote, voter: voice.name }, instance);
    const others = plot.voters.filter((name) => name !== voice.name).slice(0, count - 1);
    const forged = this.#dice.chance(0.5) ? others.map((voter) => voice.signed({ ...vote, voter }, instance)) : [];
    const precommits = [own, ...forged].sort((a, b) => (a.voter < b.voter ? -1 : 1));
    const epoch = { number: round + 1, node: plot.proposerOf(height, round) };
    return { kind: 'decided', height, epoch, payload, round, precommits };
  }

  #vote({ height, round }: { readonly height: number; readonly round: number }): Vote {
    const { plot, voice } = this.#liar;
    const ids = plot.payloadsAt(height).map(({ id }) => id);
    const kind = this.#dice.chance(0.5) ? 'prevote' : 'precommit';
    return { kind, height, round, id: this.#dice.pick([null, ...ids]), voter: voice.name };
  }

  #anybody(): NodeId {
    return this.#dice.pick(this.#liar.plot.voters);
  }

  /** A quorum's certificate that only one validator signed. */
  #certificate(): PeerMessage {
    const { plot, voice } = this.#liar;
    const height = heightOf(plot.height + this.#dice.between(-2, 1) + 1);
    const blockHash = toHex(this.#dice.bytes(32)) as BlockHash;
    const signature = voice.sign(sealSignBytes(chainIdOf(this.#genesis), this.#configurationHash, height, blockHash));
    const signatures = Array.from({ length: plot.quorum }, (_, validatorIndex) => ({ validatorIndex, signature }));
    const certificate = { height, blockHash, configurationHash: this.#configurationHash, signatures };
    return { kind: 'certificate', certificate: encodeCertificate(certificate) };
  }
}
