import { sha256 } from '@varve/crypto';
import type { NodeId, PublicKeyHex } from '@varve/encoding';
import { toHex, utf8Encode } from '@varve/encoding';
import { LedgerError } from '@varve/ledger';
import { decodeHello, decodePacket, encodeHello, encodePackets, type PeerMessage } from '@varve/validator';
import type { Key } from '../world/keys.ts';
import type { Plot } from './plot.ts';
import type { Trick } from './trick.ts';
import { messageIn, Voice } from './voice.ts';

/** Packets that a liar remembers, to say them again. */
const REMEMBERED_MAX = 64;

/**
 * Stands between a correct validator and the network: what leaves is what the tricks of the moment make of it. It has
 * the validator's signing key, and hears what the validator hears.
 */
export class Liar {
  readonly voice: Voice;
  readonly plot: Plot;
  readonly tricks: Set<Trick> = new Set<Trick>();
  readonly #bootId: string;
  readonly #remembered: Uint8Array[] = [];

  constructor(name: NodeId, key: Key, plot: Plot) {
    this.voice = new Voice(name, key);
    this.plot = plot;
    this.#bootId = toHex(sha256(utf8Encode(`liar ${name}`)).subarray(0, 16));
  }

  /** Packets of others and its own, the newest last. */
  get remembered(): readonly Uint8Array[] {
    return this.#remembered;
  }

  /** What the validator hears of what arrived: nothing that reminds it of what it said. */
  incoming(packet: Uint8Array): readonly Uint8Array[] {
    const messages = messagesOf(packet);
    this.#remember(packet);
    for (const message of messages) this.#learn(message);
    if (!messages.some(({ kind }) => kind === 'hello' || kind === 'witness')) return [packet];
    return encodePackets(messages.filter(({ kind }) => kind !== 'witness').map(withoutWitnesses));
  }

  /** What leaves instead of `packet`. */
  outgoing(to: PublicKeyHex, packet: Uint8Array): readonly Uint8Array[] {
    const messages = messagesOf(packet);
    this.#remember(packet);
    const told = messages.flatMap((message) => {
      this.#learn(message);
      let said: readonly PeerMessage[] = [this.#disguised(message)];
      for (const trick of this.tricks) said = said.flatMap((one) => trick.twist?.(one, to) ?? [one]);
      return said;
    });
    return encodePackets(told);
  }

  /** What it says to `to` unasked. */
  speak(to: PublicKeyHex): readonly Uint8Array[] {
    return [...this.tricks].flatMap((trick) => trick.speak?.(to) ?? []);
  }

  #remember(packet: Uint8Array): void {
    this.#remembered.push(packet);
    if (this.#remembered.length > REMEMBERED_MAX) this.#remembered.shift();
  }

  #learn(message: PeerMessage): void {
    const said = message.kind === 'frame' ? messageIn(message.frame) : undefined;
    if (message.kind !== 'frame' || said === undefined || !('height' in said)) return;
    if (said.kind === 'proposal') this.plot.learn(said.height, said.payload);
    if (said.kind !== 'decided' && 'round' in said) this.plot.note(message.frame.instance, said.height, said.round);
  }

  /** Every process of a liar claims to be the same one: two with one key, or one that was started again, go unseen. */
  #disguised(message: PeerMessage): PeerMessage {
    if (message.kind !== 'hello') return message;
    return { kind: 'hello', hello: encodeHello({ ...decodeHello(message.hello), bootId: this.#bootId }) };
  }
}

function withoutWitnesses(message: PeerMessage): PeerMessage {
  if (message.kind !== 'hello') return message;
  return { kind: 'hello', hello: encodeHello({ ...decodeHello(message.hello), witnesses: [] }) };
}

/** Messages of a packet; none where it is garbage. */
function messagesOf(packet: Uint8Array): readonly PeerMessage[] {
  try {
    return decodePacket(packet);
  } catch (error) {
    if (error instanceof LedgerError) return [];
    throw error;
  }
}
