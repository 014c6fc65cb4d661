import { faultModelOf, quorumSize, type Slot, type ValidatorMember } from '@varve/consensus';
import type { InstanceId, PublicKeyHex } from '@varve/encoding';
import { LedgerError } from '@varve/ledger';
import type { Ledger, RuledStretch } from '@varve/ledger/chain';
import { clockOffset, isSkewed } from './clock.ts';
import { slotAbove } from './engine-host.ts';
import type { Instant } from './events.ts';
import { decodeHello, encodeHello, type Hello } from './hello.ts';
import { HELLO_INTERVAL_MS } from './limits.ts';
import type { ObserverOnly } from './observer-only.ts';
import type { Outbox } from './outbox.ts';
import type { Peer, Peers } from './peers.ts';

/** The newest version of the execution rules that this program knows. */
const RULES_KNOWN = 1;

/** What this node durably holds of itself, to compare with what others saw. */
export interface OwnRecord {
  readonly vouched: Slot | undefined;
  readonly durableHeight: number;
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
 * its start, so that a store from the past is noticed before it can contradict what its validator said (DESIGN §2).
 */
export class Greeting {
  readonly #ledger: Ledger;
  readonly #ruled: RuledStretch;
  readonly #peers: Peers;
  readonly #outbox: Outbox;
  readonly #self: ValidatorMember | undefined;
  readonly #instance: InstanceId;
  readonly #bootId: string;
  readonly #own: () => OwnRecord;
  readonly #events: GreetingEvents;
  readonly #heard = new Set<PublicKeyHex>();
  #nextAt = 0;

  constructor(
    ledger: Ledger,
    peers: Peers,
    outbox: Outbox,
    self: ValidatorMember | undefined,
    identity: { readonly instance: InstanceId; readonly bootId: string },
    own: () => OwnRecord,
    events: GreetingEvents,
  ) {
    this.#ledger = ledger;
    this.#ruled = ledger.ruling;
    this.#peers = peers;
    this.#outbox = outbox;
    this.#self = self;
    this.#instance = identity.instance;
    this.#bootId = identity.bootId;
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
      for (const peer of this.#peers.all()) this.#outbox.send(peer.networkKey, { kind: 'hello', hello });
    }
    this.#outbox.wake(this.#nextAt);
  }

  /** Greets one peer at once. */
  greet(peer: Peer, now: Instant): void {
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
    this.#checkMemory(peer, hello);
    // Whoever is in another configuration cannot know what this validator said in this one.
    if (peer.member && hello.configurationHash === this.#ruled.hash) this.#heard.add(peer.networkKey);
    this.#events.heard(peer, hello);
  }

  /** Why this clock must not give block times: it is too far from the members', or too few of them can be asked. */
  clockObstacle(now: Instant): 'CLOCK_SKEWED' | 'NO_QUORUM' | undefined {
    const offsets: number[] = [];
    for (const peer of this.#peers.fresh(now.monotonic)) if (peer.member) offsets.push(clockOffset(peer, now));
    if (isSkewed(offsets)) return 'CLOCK_SKEWED';
    return offsets.length < this.#othersNeeded ? 'NO_QUORUM' : undefined;
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
      bootId: this.#bootId,
      clock: now.wall,
      rules: RULES_KNOWN,
      witnesses: this.#peers.witnesses(this.#instance),
    });
  }

  /** Compares what a member saw this validator vouch for with what the store holds. Crash faults: one word suffices. */
  #checkMemory(peer: Peer, hello: Hello): void {
    if (this.#self === undefined || !peer.member) return;
    const witness = hello.witnesses.find(({ signingKey }) => signingKey === this.#self?.signingKey);
    if (witness === undefined) return;
    const { vouched, durableHeight } = this.#own();
    const claimed = { index: witness.index, epoch: witness.epoch };
    const forgotten =
      witness.instance === this.#instance &&
      claimed.epoch.number > 0 &&
      (vouched === undefined || slotAbove(claimed, vouched));
    if (!forgotten && witness.sealedHeight <= durableHeight) return;
    this.#events.rolledBack({
      code: 'STORE_ROLLED_BACK',
      reason: `${peer.member.name} saw this validator hold index ${witness.index} of epoch ${witness.epoch.number} and seal height ${witness.sealedHeight}; the store holds less`,
    });
  }
}
