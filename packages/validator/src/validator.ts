import type { Slot, ValidatorMember } from '@varve/consensus';
import { VerdictCache } from '@varve/crypto';
import { height, type PublicKeyHex, type TransactionId } from '@varve/encoding';
import { heightOfDamage, type Ledger, RecordDamaged } from '@varve/ledger/chain';
import { AdmissionDesk } from './admission.ts';
import { Applier } from './applier.ts';
import { Barriers } from './barriers.ts';
import { Durability } from './durability.ts';
import type { EngineHost } from './engine-host.ts';
import { EngineLog } from './engine-log.ts';
import { startEngine } from './engine-start.ts';
import type { Effects, Instant, TransactionState, ValidatorEvent } from './events.ts';
import { EvidenceBook } from './evidence.ts';
import { Follow } from './follow.ts';
import { Greeting } from './greeting.ts';
import { Journal } from './journal.ts';
import { SLICES_PER_STEP } from './limits.ts';
import { type LoadedStore, markObserverOnly, type ObserverOnly } from './loader.ts';
import type { ValidatorOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { type PeerMessage, readPacket } from './packet.ts';
import { type Peer, Peers } from './peers.ts';
import { Pool } from './pool.ts';
import { Production } from './production.ts';
import { Proposals } from './proposals.ts';
import { type ReactionParts, Reactions } from './reactions.ts';
import { Sealing } from './sealing.ts';
import { PayloadVerifier } from './signatures.ts';
import { Spread } from './spread.ts';
import { conditionsOf, modeOf, type ValidatorStatus } from './status.ts';
import { successorOf } from './successor.ts';

/**
 * A whole replica as one synchronous step machine: engine, ledger, pool, seals and block sync together. `step` is
 * total: it answers every event with effects and never waits, reads no clock and opens nothing (DESIGN §6).
 */
export class Validator {
  readonly ledger: Ledger;
  readonly #loaded: LoadedStore;
  readonly #options: ValidatorOptions;
  readonly #self: ValidatorMember | undefined;
  readonly #outbox = new Outbox();
  readonly #durability: Durability;
  readonly #peers: Peers;
  readonly #pool: Pool;
  readonly #desk: AdmissionDesk;
  readonly #verifier: PayloadVerifier;
  readonly #applier: Applier;
  readonly #evidence: EvidenceBook;
  readonly #sealing: Sealing;
  readonly #greeting: Greeting;
  readonly #follow: Follow;
  readonly #spread: Spread;
  readonly #barriers: Barriers;
  readonly #production: Production;
  readonly #proposals: Proposals;
  readonly #reactions: Reactions;
  readonly #log: EngineLog;
  #engine: EngineHost | undefined;
  #observerOnly: ObserverOnly | undefined;
  #now: Instant;
  #retiring = false;

  constructor(loaded: LoadedStore, options: ValidatorOptions, now: Instant) {
    const { ledger, records } = loaded;
    this.ledger = ledger;
    this.#loaded = loaded;
    this.#options = options;
    this.#now = now;
    this.#observerOnly = loaded.observerOnly;
    const { validators } = ledger.configuration;
    this.#self = options.observe ? undefined : validators.find((member) => member.networkKey === options.networkKey);
    this.#log = new EngineLog(
      records,
      loaded.instance,
      loaded.engineState,
      loaded.engineStored,
      loaded.storedEntries,
      () => ledger.applied,
    );
    const journal = new Journal(records, loaded.journal, () => ({
      engineState: this.#log.stateBytes ?? null,
      vouched: this.#vouched ?? null,
      tipHeight: ledger.tip.header.height,
    }));
    const outbox = this.#outbox;
    this.#durability = new Durability(records, journal, outbox);
    this.#peers = new Peers(validators);
    this.#pool = new Pool(options.pool);
    const verdicts = new VerdictCache(options.verdictsMax);
    this.#verifier = new PayloadVerifier(verdicts, options.signatureRule, outbox);
    this.#spread = new Spread(this.#pool, ledger, this.#peers, outbox, this.#self === undefined);
    this.#barriers = new Barriers(outbox);
    this.#production = new Production(ledger, this.#pool, this.#verifier.opened, outbox);
    this.#proposals = new Proposals(ledger, this.#verifier);
    this.#evidence = new EvidenceBook(ledger, this.#peers, outbox, options.signatureRule, loaded.evidence);
    this.#reactions = new Reactions(this.#reactionParts());
    this.#applier = new Applier(ledger, this.#verifier, this.#reactions);
    const position = this.#self === undefined ? undefined : validators.indexOf(this.#self);
    const { signatureRule } = options;
    this.#sealing = new Sealing(ledger, this.#peers, outbox, signatureRule, this.#evidence, position, this.#reactions);
    this.#desk = new AdmissionDesk(ledger, this.#pool, verdicts, outbox, this.#reactions);
    this.#follow = new Follow(
      { ledger, applier: this.#applier, peers: this.#peers, outbox },
      loaded.report.damagedBlocks,
      options.signatureRule,
      (synced) => this.#reactions.mend(synced),
    );
    this.#greeting = new Greeting(
      ledger,
      this.#peers,
      outbox,
      this.#observerOnly ? undefined : this.#self,
      { instance: loaded.instance, bootId: options.bootId, protocol: options.protocol, rule: signatureRule },
      () => ({ vouched: this.#vouched, durableHeight: this.#reactions.durableHeight }),
      {
        heard: (peer, hello) => this.#sealing.help(peer, hello.finalHeight, hello.height),
        rolledBack: (mark) => this.#becomeObserverOnly(mark),
      },
    );
    if (loaded.report.stateRebuilt) outbox.log('warn', 'STATE_REBUILT', { height: ledger.tip.header.height });
    if (this.#observerOnly) outbox.log('error', this.#observerOnly.code, { reason: this.#observerOnly.reason });
  }

  /** Takes one event and says what is to be done. After a halt nothing more happens. */
  step(event: ValidatorEvent, now: Instant): Effects {
    this.#now = now;
    if (this.#outbox.halted) return this.#outbox.take();
    try {
      this.#dispatch(event);
      this.#proceed();
    } catch (error) {
      this.#fail(error);
    }
    return this.#outbox.take();
  }

  status(): ValidatorStatus {
    const mode = modeOf(this.#self, this.#observerOnly, this.#engine);
    return {
      member: this.#self,
      mode,
      observerOnly: this.#observerOnly,
      durableHeight: height(this.#reactions.durableHeight),
      finalHeight: this.ledger.finalHeight,
      engine: this.#engine?.status(),
      pool: { transactions: this.#pool.size, bytes: this.#pool.bytes },
      conditions: conditionsOf({
        observerOnly: this.#observerOnly,
        isStarting: mode === 'starting',
        follows: this.#self === undefined || this.#observerOnly !== undefined,
        engine: this.#engine?.status(),
        greeting: this.#greeting,
        sealing: this.#sealing,
        production: this.#production,
        follow: this.#follow,
        peers: this.#peers,
        now: this.#now,
      }),
      sealsMissing: this.#sealing.missing,
      peers: [...this.#peers.all()],
      evidence: this.#evidence.records,
    };
  }

  /** How far a transaction has come; `committed` and `final` count what is durable here. */
  transactionState(id: TransactionId): TransactionState {
    return this.#reactions.transactionState(id);
  }

  /** A reader met a damaged record: blocks are fetched again from peers, anything else ends the run. */
  reportDamage(error: RecordDamaged): void {
    const at = heightOfDamage(this.ledger, error.key);
    if (at === undefined) this.#fail(error);
    else this.#follow.reportDamage(at);
  }

  get #vouched(): Slot | undefined {
    return this.#engine?.vouched ?? this.#loaded.vouched;
  }

  #dispatch(event: ValidatorEvent): void {
    const now = this.#now;
    switch (event.kind) {
      case 'packet':
        return this.#onPacket(event.from, event.bytes);
      case 'gossip':
        return this.#onGossip(event.topic, event.bytes);
      case 'link':
        return this.#onLink(event.peer, event.up);
      case 'timer':
        return;
      case 'submit':
        return this.#desk.submit(event.request, event.transactions, now);
      case 'barrier':
        return this.#openBarrier({ kind: 'client', request: event.request });
      case 'persisted':
        return this.#durability.persisted(event.batch);
      case 'verified':
        if (!this.#desk.verified(event.job, event.verdicts, now)) this.#verifier.verified(event.job, event.verdicts);
        return;
      case 'signed':
        if (!this.#sealing.signed(event.job, event.signatures)) this.#reactions.signed(event.job, event.signatures);
        return;
      case 'retire':
        return this.#retire();
    }
  }

  /** Whatever an event made possible. */
  #proceed(): void {
    const now = this.#now;
    this.#greeting.tick(now);
    this.#startEngine();
    this.#engine?.tick(now.monotonic);
    while (this.#durability.runReady());
    for (let slice = 0; slice < SLICES_PER_STEP && this.#applier.run(); slice++) {
      if (slice === SLICES_PER_STEP - 1) this.#outbox.wake(now.monotonic);
    }
    if (this.#engine) {
      this.#proposals.answer(this.#engine, now);
      this.#production.updateDemand(this.#engine, now);
      this.#production.tryBuild(this.#engine, this.#buildObstacle(), now);
    }
    this.#follow.tick(this.#engine !== undefined, now.monotonic);
    this.#follow.serveNext(now.monotonic);
    const status = this.#engine?.status();
    this.#spread.tick(status?.leader, status?.role === 'leader', now.monotonic);
    this.#spread.flush();
    this.#reactions.tick(now);
    while (this.#durability.runReady());
    this.#barriers.settle(this.#reactions.durableApplied, this.#reactions.durableHeight, now.monotonic);
    this.#durability.flush();
    this.#engine?.scheduleWake();
  }

  #onPacket(from: PublicKeyHex, bytes: Uint8Array): void {
    const peer = this.#peers.get(from) ?? this.#peers.connect(from);
    const messages = readPacket(bytes);
    if (typeof messages === 'string') return this.#outbox.misbehaved(from, messages);
    if (this.#peers.isFlooding(peer, messages.length, this.#now.monotonic)) {
      return this.#outbox.misbehaved(from, 'a flood of messages');
    }
    for (const message of messages) this.#onMessage(peer, message);
  }

  #onMessage(peer: Peer, message: PeerMessage): void {
    const now = this.#now;
    const from = peer.networkKey;
    switch (message.kind) {
      case 'hello':
        return this.#greeting.receive(peer, message.hello, now);
      case 'frame': {
        if (!peer.member || this.#peers.isTwice(peer, now.monotonic)) return;
        if (message.frame.instance !== this.#loaded.instance) return this.#greeting.greet(peer, now);
        return this.#engine?.receive(peer.member.name, message.frame, now.monotonic);
      }
      case 'seals':
        if (!this.#peers.isTwice(peer, now.monotonic)) this.#sealing.receive(peer, message.seals);
        return;
      case 'transactions':
        return this.#desk.receive(from, message.transactions, now);
      case 'blocksWanted':
        return this.#follow.serve(from, message.from, message.to);
      case 'blocks':
        return this.#follow.receive(from, message.blocks, now.monotonic);
      case 'barrierWanted':
        return this.#openBarrier({ kind: 'peer', peer: from, context: message.context });
      case 'barrier':
        return this.#barriers.confirmedAtHeight(message.context, message.height);
      case 'certificate':
        return this.#sealing.receiveCertificate(from, message.certificate);
      case 'offer':
        return this.#spread.offered(from, message.ids);
      case 'wanted':
        return this.#spread.wanted(from, message.ids);
      case 'evidence':
        return this.#evidence.receive(peer, message.records);
      case 'witness':
        return this.#greeting.receiveWitness(peer, message);
    }
  }

  #onGossip(topic: 'blocks' | 'transactions', bytes: Uint8Array): void {
    const messages = readPacket(bytes);
    if (typeof messages === 'string') return;
    for (const message of messages) {
      if (topic === 'blocks' && message.kind === 'blocks' && this.#engine === undefined)
        this.#follow.gossiped(message.blocks);
      if (topic === 'transactions' && message.kind === 'transactions')
        this.#desk.receive(undefined, message.transactions, this.#now);
    }
  }

  #onLink(networkKey: PublicKeyHex, up: boolean): void {
    if (up) {
      const peer = this.#peers.connect(networkKey);
      this.#greeting.greet(peer, this.#now);
      this.#evidence.connected(peer);
    } else {
      this.#peers.disconnect(networkKey);
      this.#evidence.disconnected(networkKey);
      this.#follow.disconnected(networkKey);
    }
    const member = this.ledger.configuration.validators.find((validator) => validator.networkKey === networkKey);
    if (member) this.#engine?.step({ kind: 'link', peer: member.name, up }, this.#now.monotonic);
  }

  #openBarrier(asker: Parameters<Barriers['open']>[0]): void {
    const context = this.#barriers.open(asker, this.#now.monotonic);
    if (context === undefined) return;
    if (this.#engine) return this.#engine.step({ kind: 'read', context }, this.#now.monotonic);
    const [member] = this.#self === undefined || this.#observerOnly ? [...this.#peers.members()] : [];
    if (member && asker.kind === 'client') {
      this.#outbox.send(member.networkKey, { kind: 'barrierWanted', context });
    } else {
      this.#barriers.unavailable(context);
    }
  }

  /** Creates the engine once enough members were heard. */
  #startEngine(): void {
    if (this.#engine || this.#self === undefined || this.#observerOnly || this.#retiring) return;
    if (!this.#greeting.isComplete) return;
    this.#engine = startEngine({
      loaded: this.#loaded,
      self: this.#self,
      options: this.#options,
      surroundings: this.#reactions.engineSurroundings(this.#log, this.#self),
      now: this.#now.monotonic,
    });
    this.#sealing.enable();
    this.#outbox.log('info', 'ENGINE_STARTED', {
      protocol: this.#options.protocol.name,
      height: this.ledger.tip.header.height,
    });
  }

  #buildObstacle(): string | undefined {
    if (this.#retiring) return 'RETIRING';
    if (this.#sealing.isContradicted) return 'SEALS_CONTRADICT';
    const obstacle = this.#greeting.clockObstacle(this.#now);
    if (obstacle === 'CLOCK_SKEWED') this.#handOver();
    return obstacle;
  }

  #retire(): void {
    this.#retiring = true;
    this.#handOver();
  }

  /** Gives leadership away, where there is somebody to take it. */
  #handOver(): void {
    const status = this.#engine?.status();
    if (this.#engine === undefined || status?.role !== 'leader') return;
    const to = successorOf(status, this.#peers);
    if (to !== undefined) this.#engine.step({ kind: 'transfer', to }, this.#now.monotonic);
  }

  #becomeObserverOnly(mark: ObserverOnly): void {
    if (this.#observerOnly) return;
    this.#observerOnly = mark;
    this.#engine = undefined;
    markObserverOnly(this.#loaded.records, mark);
    this.#outbox.log('error', mark.code, { reason: mark.reason });
  }

  /** Damage in the way of a step, and any broken invariant, ends the run. */
  #fail(error: unknown): void {
    if (error instanceof RecordDamaged) {
      return this.#outbox.halt('RECORD_DAMAGED', `${error.message}; start again, with --rebuild if this repeats`);
    }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#outbox.halt('INVARIANT_BROKEN', detail);
  }

  #reactionParts(): ReactionParts {
    return {
      ledger: this.ledger,
      outbox: this.#outbox,
      durability: this.#durability,
      peers: this.#peers,
      pool: this.#pool,
      production: this.#production,
      spread: this.#spread,
      barriers: this.#barriers,
      verifier: this.#verifier,
      proposals: this.#proposals,
      rule: this.#options.signatureRule,
      log: this.#log,
      evidence: this.#evidence,
      applier: () => this.#applier,
      sealing: () => this.#sealing,
      follow: () => this.#follow,
      engine: () => this.#engine,
      now: () => this.#now,
    };
  }
}
