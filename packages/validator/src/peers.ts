import type { SignedBytes, Slot, ValidatorMember } from '@varve/consensus';
import type { InstanceId, NodeId, PublicKeyHex } from '@varve/encoding';
import { encodeSeal, type Seal } from '@varve/ledger';
import { slotAbove } from './engine-host.ts';
import type { Hello, Witness } from './hello.ts';
import {
  HELLO_FRESH_MS,
  MEMBER_MESSAGES_PER_SECOND_MAX,
  PEER_MESSAGES_PER_SECOND_MAX,
  RETIRED_BOOTS_MAX,
  TWICE_MEMORY_MS,
} from './limits.ts';
import type { PeerMessage } from './packet.ts';

/** A connected peer. */
export interface Peer {
  readonly networkKey: PublicKeyHex;
  /** Its seat in the present configuration, if it has one. */
  member: ValidatorMember | undefined;
  /** It has, or had, a seat since this run began. */
  wasSeated: boolean;
  hello: Hello | undefined;
  /** Monotonic time of that `Hello`. */
  heardAt: number;
  /** Boot ids that later ones replaced; hearing one again means that two processes share the key. */
  readonly retiredBoots: Set<string>;
  twiceSeenAt: number | undefined;
  /** The second in which messages were counted last, and how many came in it. */
  countedSecond: number;
  /** When it was last greeted because it spoke of another instance. */
  correctedAt: number;
  messages: number;
}

/** A peer that has greeted. */
export type HeardPeer = Peer & { readonly hello: Hello };

/** Whether `peer` was heard recently. */
export function isFresh(peer: Peer, now: number): peer is HeardPeer {
  return peer.hello !== undefined && now - peer.heardAt <= HELLO_FRESH_MS;
}

/** What a member was seen to vouch for most. */
interface Vouched {
  readonly slot: Slot;
  /** Its own words, where it signed them. */
  readonly statement: SignedBytes | undefined;
  /** The run in which it said so. */
  readonly bootId: string | undefined;
}

/** The highest seal that a member was seen to make. */
interface Sealed {
  readonly seal: Seal;
  /** The run in which it said so itself; absent where others brought it. */
  readonly bootId: string | undefined;
}

/** Who is connected, what they last said, and what each member was seen to vouch for. */
export class Peers {
  #members: ReadonlyMap<PublicKeyHex, ValidatorMember> = new Map<PublicKeyHex, ValidatorMember>();
  #byName: ReadonlyMap<NodeId, ValidatorMember> = new Map<NodeId, ValidatorMember>();
  readonly #connected = new Map<PublicKeyHex, Peer>();
  /** Peers keep their history over a reconnection: two processes with one key connect in turn. */
  readonly #known = new Map<PublicKeyHex, Peer>();
  readonly #vouched = new Map<PublicKeyHex, Vouched>();
  readonly #sealed = new Map<PublicKeyHex, Sealed>();

  /** These are the members from now on. What was seen of slots belongs to the instance before. */
  seat(validators: readonly ValidatorMember[]): void {
    this.#members = new Map(validators.map((member) => [member.networkKey, member]));
    this.#byName = new Map(validators.map((member) => [member.name, member]));
    this.#vouched.clear();
    for (const peer of [...this.#known.values(), ...this.#connected.values()]) {
      peer.member = this.#members.get(peer.networkKey);
      peer.wasSeated ||= peer.member !== undefined;
    }
    for (const [key, peer] of this.#connected) if (peer.member) this.#known.set(key, peer);
    for (const [key, peer] of this.#known) if (!peer.member) this.#known.delete(key);
  }

  connect(networkKey: PublicKeyHex): Peer {
    const known = this.#known.get(networkKey);
    const peer: Peer = known ?? {
      networkKey,
      member: this.#members.get(networkKey),
      wasSeated: this.#members.has(networkKey),
      hello: undefined,
      heardAt: 0,
      retiredBoots: new Set(),
      twiceSeenAt: undefined,
      countedSecond: 0,
      correctedAt: Number.NEGATIVE_INFINITY,
      messages: 0,
    };
    this.#connected.set(networkKey, peer);
    if (peer.member) this.#known.set(networkKey, peer);
    return peer;
  }

  disconnect(networkKey: PublicKeyHex): void {
    this.#connected.delete(networkKey);
  }

  get(networkKey: PublicKeyHex): Peer | undefined {
    return this.#connected.get(networkKey);
  }

  member(name: NodeId): ValidatorMember | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<Peer> {
    return this.#connected.values();
  }

  /** Connected members of the configuration. */
  *members(): IterableIterator<Peer & { readonly member: ValidatorMember }> {
    for (const peer of this.#connected.values()) {
      if (peer.member) yield peer as Peer & { readonly member: ValidatorMember };
    }
  }

  /** Connected peers that only follow. */
  *observers(): IterableIterator<Peer> {
    for (const peer of this.#connected.values()) if (!peer.member) yield peer;
  }

  /**
   * Keeps what a peer said.
   * @returns Whether two processes with the peer's key are alive.
   */
  heard(peer: Peer, hello: Hello, now: number): boolean {
    const previous = peer.hello;
    if (previous && previous.bootId !== hello.bootId) {
      peer.retiredBoots.add(previous.bootId);
      const [oldest] = peer.retiredBoots;
      if (peer.retiredBoots.size > RETIRED_BOOTS_MAX && oldest !== undefined) peer.retiredBoots.delete(oldest);
      // Two that live speak in turn; when one of them falls silent, the other is alone.
      if (peer.retiredBoots.has(hello.bootId)) peer.twiceSeenAt = now;
    }
    peer.hello = hello;
    peer.heardAt = now;
    return this.isTwice(peer, now);
  }

  /** Counts messages; returns whether the peer sends more in this second than any correct node. */
  isFlooding(peer: Peer, messages: number, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (peer.countedSecond !== second) {
      peer.countedSecond = second;
      peer.messages = 0;
    }
    peer.messages += messages;
    return peer.messages > (peer.wasSeated ? MEMBER_MESSAGES_PER_SECOND_MAX : PEER_MESSAGES_PER_SECOND_MAX);
  }

  /** Whether frames of this peer are refused because its key lives twice. */
  isTwice(peer: Peer, now: number): boolean {
    return peer.twiceSeenAt !== undefined && now - peer.twiceSeenAt < TWICE_MEMORY_MS;
  }

  /** Peers heard recently, which excludes those that hang. */
  fresh(now: number): HeardPeer[] {
    const fresh: HeardPeer[] = [];
    for (const peer of this.#connected.values()) if (isFresh(peer, now)) fresh.push(peer);
    return fresh;
  }

  /** A member said that it durably holds `slot`, and signed that under a byzantine engine. */
  noteVouched({ signingKey, networkKey }: ValidatorMember, slot: Slot, signed: SignedBytes | undefined): void {
    const known = this.#vouched.get(signingKey);
    if (known && slotAbove(known.slot, slot)) return;
    // The signature is a view of the whole packet.
    const statement = signed && { bytes: signed.bytes, signature: new Uint8Array(signed.signature) };
    this.#vouched.set(signingKey, { slot, statement, bootId: this.#known.get(networkKey)?.hello?.bootId });
  }

  /** A member made this seal, and `from` told so: itself, or nobody where the store has it. */
  noteSealed({ signingKey, networkKey }: ValidatorMember, seal: Seal, from: PublicKeyHex | undefined): void {
    const known = this.#sealed.get(signingKey)?.seal.height ?? 0;
    const isOwn = from === networkKey;
    if (seal.height < known || (seal.height === known && !isOwn)) return;
    this.#sealed.set(signingKey, { seal, bootId: isOwn ? this.#known.get(networkKey)?.hello?.bootId : undefined });
  }

  /** What shows a member all that this node saw it sign; absent where it signed nothing. */
  proofFor({ signingKey }: ValidatorMember): Extract<PeerMessage, { kind: 'witness' }> | undefined {
    const statement = this.#vouched.get(signingKey)?.statement ?? null;
    const sealed = this.#sealed.get(signingKey);
    if (statement === null && sealed === undefined) return undefined;
    return { kind: 'witness', statement, seal: sealed ? encodeSeal(sealed.seal) : null };
  }

  /**
   * Whether a peer said in its present run at least what it was seen to say. How far its blocks reach is no sign: it
   * may have fetched those that it sealed and forgot.
   */
  remembers({ member, hello }: Peer): boolean {
    if (member === undefined) return true;
    const said = [this.#vouched.get(member.signingKey), this.#sealed.get(member.signingKey)];
    return said.every((one) => one === undefined || one.bootId === hello?.bootId);
  }

  /** What this node bears witness to, for `Hello`. */
  witnesses(instance: InstanceId): Witness[] {
    const witnesses: Witness[] = [];
    for (const { signingKey } of this.#members.values()) {
      const slot = this.#vouched.get(signingKey)?.slot;
      const sealedHeight = this.#sealed.get(signingKey)?.seal.height ?? 0;
      if (slot === undefined && sealedHeight === 0) continue;
      witnesses.push({
        signingKey,
        instance,
        epoch: slot?.epoch ?? { number: 0, node: '' },
        index: slot?.index ?? 0,
        sealedHeight,
      });
    }
    return witnesses;
  }
}
