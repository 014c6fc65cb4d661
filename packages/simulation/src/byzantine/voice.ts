import type { NodeId } from '@varve/encoding';
import { payloadIdOf } from '@varve/ledger';
import { type TendermintMessage, tendermint } from '@varve/tendermint';
import type { Frame, PeerMessage } from '@varve/validator';
import type { Key } from '../world/keys.ts';

/** A proposal as the engine sends it. */
export type Proposal = Extract<TendermintMessage, { kind: 'proposal' }>;
/** A vote as the engine sends it. */
export type Vote = Extract<TendermintMessage, { kind: 'prevote' | 'precommit' }>;
/** A vote that anybody may pass on. */
export type SignedVote = Extract<TendermintMessage, { kind: 'votes' }>['votes'][number];

const NOTHING = new Uint8Array();

/** The message in a frame; a payload that is not in the frame stands empty. Nothing for what is no message. */
export function messageIn(frame: Frame): TendermintMessage | undefined {
  const payloads = new Map(frame.payloads.map((bytes) => [payloadIdOf(bytes), bytes]));
  const decoded = tendermint.decode(frame.body, (id) => ({ id, bytes: payloads.get(id) ?? NOTHING }));
  return decoded.kind === 'message' ? decoded.message : undefined;
}

/** Speaks with the signing key of one validator. */
export class Voice {
  readonly name: NodeId;
  readonly #key: Key;

  constructor(name: NodeId, key: Key) {
    this.name = name;
    this.#key = key;
  }

  sign(bytes: Uint8Array): Uint8Array {
    return this.#key.sign(bytes);
  }

  /** `message` as it travels, with the own signature where its sender signs it. */
  frameOf(message: TendermintMessage, instance: Frame['instance']): PeerMessage {
    const signed = tendermint.signBytes(message, instance);
    const { body, payloads } = tendermint.encode(message);
    const signature = signed === undefined ? null : this.#key.sign(signed);
    return { kind: 'frame', frame: { instance, body, payloads: payloads.map(({ bytes }) => bytes), signature } };
  }

  /** `vote` with the own signature, whoever's name stands in it. */
  signed(vote: Vote, instance: Frame['instance']): SignedVote {
    const bytes = tendermint.signBytes(vote, instance);
    return { ...vote, signature: this.#key.sign(bytes ?? NOTHING) };
  }
}
