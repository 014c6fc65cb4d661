import { faultModelOf, type Protocol, quorumSize, type Slot, type ValidatorMember } from '@varve/consensus';
import type { InstanceId, PublicKeyHex } from '@varve/encoding';
import { LedgerError } from '@varve/ledger';
import type { Ledger, RuledStretch } from '@varve/ledger/chain';
import { clockOffset, isSkewed } from './clock.ts';
import { slotAbove } from './engine-host.ts';
import type { Instant } from './events.ts';
import { decodeHello, encodeHello, type Hello } from './hello.ts';
import { CLOCK_SKEW_MS_MAX, HELLO_INTERVAL_MS } from './limits.ts';
import type { ObserverOnly } from './observer-only.ts';
import type { Outbox } from './outbox.ts';
import type { PeerMessage } from './packet.ts';
import { isFresh, type Peer, type Peers } from './peers.ts';
import type { SignatureRule } from './signatures.ts';
import { judgeProof } from './witness.ts';

/** What this node durably holds of itself, to compare with what others saw. */
export interface OwnRecord {
  readonly vouched: Slot | undefined;
  readonly durableHeight: number;
  /** The highest that it can have sealed. Blocks that came from peers since the start raise it only once it seals them. */
  readonly sealedHeight: number;
}

/** Which run of which engine greets, and by which rules it judges what it is shown. */
export interface GreetingIdentity {
  readonly instance: InstanceId;
  readonly bootId: string;
  /** Absent where this program has no such engine, and so never votes. */
  readonly protocol: Protocol<unknown> | undefined;
  readonly rule: SignatureRule;
}

/** What a `Hello` told. */
export interface GreetingEvents {
  /** A peer on this chain said where it stands. */
  heard(peer: Peer, hello: Hello): void;
  /** Others saw this validator vouch for more than its store holds. */
  rolledBack(mark: ObserverOnly): void;
}

/**
 * Exchanges `Hello` with every peer. A validator votes only after it has heard a quorum less one of the others since
 * its start, so that a store from the past is noticed before it can contradict what its validator said (DESIGN §2): as
 * far as those that are heard know of it. More cannot be waited for without losing what a quorum is for.
 */
export class Greeting {
  readonly #ledger: Ledger;
  readonly #ruled: RuledStretch;
  readonly #peers: Peers;
  readonly #outbox: Outbox;
  readonly #self: ValidatorMember | undefined;
  readonly #identity: GreetingIdentity;
  readonly #isByzantine: boolean;
  readonly #own: () => OwnRecord;
  readonly #events: GreetingEvents;
  readonly #heard = new Set<PublicKeyHex>();
  /** Members that claimed more than they showed. */
  readonly #unproven = new Set<PublicKeyHex>();
  #forgot = false;
  #nextAt = 0;

  constructor(
    ledger: Ledger,
    peers: Peers,
    outbox: Outbox,
    self: ValidatorMember | undefined,
    identity: GreetingIdentity,
    own: () => OwnRecord,
    events: GreetingEvents,
  ) {
    this.#ledger = ledger;
    this.#ruled = ledger.ruling;
    this.#peers = peers;
    this.#outbox = outbox;
    this.#self = self;
    this.#identity = identity;
    this.#isByzantine = faultModelOf(this.#ruled.configuration.protocol) === 'byzantine';
    this.#own = own;
    this.#events = events;
  }

  /** Whether enough members were heard to vote. */
  get isComplete(): boolean {
    return this.#heard.size >= this.#othersNeeded;
  }

  /** Greets everybody when it is time. */
  tick(now: Instant): void {
    if (now.monotonic >= this.#nextAt) {
      this.#nextAt = now.monotonic + HELLO_INTERVAL_MS;
      const hello = this.#compose(now);
      for (const peer of this.#peers.all()) {
        if (!this.#peers.remembers(peer)) this.#show(peer);
        this.#outbox.send(peer.networkKey, { kind: 'hello', hello });
      }
    }
    this.#outbox.wake(this.#nextAt);
  }

  /**
   * This configuration begins: greets everybody, and counts those that said in it where they stand while this validator
   * was still in the one before. Their next `Hello` would be up to a second away.
   */
  begin(now: Instant): void {
    for (const peer of this.#peers.all()) {
      if (peer.hello && !this.#peers.isTwice(peer, now.monotonic)) this.#count(peer, peer.hello);
      this.greet(peer, now);
    }
  }

  /** Greets one peer at once. */
  greet(peer: Peer, now: Instant): void {
    this.#show(peer);
    this.#outbox.send(peer.networkKey, { kind: 'hello', hello: this.#compose(now) });
  }

  receive(peer: Peer, bytes: Uint8Array, now: Instant): void {
    let hello: Hello;
    try {
      hello = decodeHello(bytes);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return this.#outbox.misbehaved(peer.networkKey, 'a malformed hello');
    }
    if (hello.chainId !== this.#ledger.chainId) {
      return this.#outbox.misbehaved(peer.networkKey, 'a hello of another chain');
    }
    const answer = peer.hello?.bootId !== hello.bootId;
    if (this.#peers.heard(peer, hello, now.monotonic)) {
      return this.#outbox.log('error', 'VALIDATOR_TWICE', { peer: peer.member?.name ?? peer.networkKey });
    }
    if (answer) this.greet(peer, now);
    this.#count(peer, hello);
    this.#events.heard(peer, hello);
  }

  /**
   * A member shows what this validator signed. Under a byzantine engine nothing less counts: one liar must not take
   * away the votes of others. Under the others `Hello` is enough.
   */
  receiveWitness(peer: Peer, proof: Extract<PeerMessage, { kind: 'witness' }>): void {
    if (this.#self === undefined || this.#forgot || !this.#isByzantine || !peer.member) return;
    const context = { ...this.#identity, self: this.#self, ledger: this.#ledger };
    const verdict = judgeProof(proof, context, this.#own());
    if (verdict.kind === 'forged') return this.#outbox.misbehaved(peer.networkKey, verdict.reason);
    if (verdict.kind === 'known') return;
    this.#rolledBack(`${peer.member.name} shows that this validator ${verdict.what}; the store holds less`);
  }

  /** Why this clock must not give block times: it is too far from the members', or too few of them can be asked. */
  clockObstacle(now: Instant): 'CLOCK_SKEWED' | 'NO_QUORUM' | undefined {
    let members = 0;
    let ahead = 0;
    let behind = 0;
    for (const peer of this.#peers.all()) {
      if (peer.member === undefined || !isFresh(peer, now.monotonic)) continue;
      members += 1;
      const offset = clockOffset(peer, now);
      if (offset > CLOCK_SKEW_MS_MAX) ahead += 1;
      if (offset < -CLOCK_SKEW_MS_MAX) behind += 1;
    }
    if (isSkewed({ members, ahead, behind })) return 'CLOCK_SKEWED';
    return members < this.#othersNeeded ? 'NO_QUORUM' : undefined;
  }

  /** Names of the other members that were not heard lately. */
  silent(now: Instant): readonly string[] {
    const heard = new Set<string>();
    for (const { member } of this.#peers.fresh(now.monotonic)) if (member) heard.add(member.name);
    const { validators } = this.#ruled.configuration;
    return validators.map(({ name }) => name).filter((name) => name !== this.#self?.name && !heard.has(name));
  }

  /** Members beside this one that make a quorum with it. */
  get #othersNeeded(): number {
    const { validators, protocol } = this.#ruled.configuration;
    return quorumSize(validators.length, faultModelOf(protocol)) - 1;
  }

  #compose(now: Instant): Uint8Array {
    return encodeHello({
      chainId: this.#ledger.chainId,
      configurationHash: this.#ruled.hash,
      height: this.#own().durableHeight,
      finalHeight: this.#ledger.finalHeight,
      bootId: this.#identity.bootId,
      clock: now.wall,
      rules: this.#ledger.rulesKnown,
      witnesses: this.#peers.witnesses(this.#identity.instance),
    });
  }

  /** Before the `Hello` that claims it: whoever hears the claim has seen the proof. */
  #show(peer: Peer): void {
    const proof = this.#isByzantine && peer.member && this.#peers.proofFor(peer.member);
    if (proof) this.#outbox.send(peer.networkKey, proof);
  }

  #count(peer: Peer, hello: Hello): void {
    if (peer.member === undefined || !this.#isCovered(peer, peer.member, hello)) return;
    // Whoever is in another configuration cannot know what this validator said in this one.
    if (hello.configurationHash === this.#ruled.hash) this.#heard.add(peer.networkKey);
  }

  /**
   * Whether the store holds all that a member saw this validator vouch for and seal. Crash faults: its word suffices.
   * Byzantine: what it did not show is nothing, and it is not yet one of those that were heard.
   */
  #isCovered({ networkKey }: Peer, member: ValidatorMember, hello: Hello): boolean {
    if (this.#self === undefined || this.#forgot) return true;
    const witness = hello.witnesses.find(({ signingKey }) => signingKey === this.#self?.signingKey);
    if (witness === undefined) return true;
    const { vouched, sealedHeight } = this.#own();
    const claimed = { index: witness.index, epoch: witness.epoch };
    const forgotten =
      witness.instance === this.#identity.instance &&
      claimed.epoch.number > 0 &&
      (vouched === undefined || slotAbove(claimed, vouched));
    if (!forgotten && witness.sealedHeight <= sealedHeight) return true;
    const claim = `index ${witness.index} of epoch ${witness.epoch.number} and seal height ${witness.sealedHeight}`;
    if (!this.#isByzantine) {
      this.#rolledBack(`${member.name} saw this validator hold ${claim}; the store holds less`);
    } else if (!this.#unproven.has(networkKey)) {
      this.#unproven.add(networkKey);
      this.#outbox.log('warn', 'CLAIM_UNPROVEN', { peer: member.name, claim });
    }
    return false;
  }

  #rolledBack(reason: string): void {
    this.#forgot = true;
    this.#events.rolledBack({ code: 'STORE_ROLLED_BACK', reason });
  }
}
