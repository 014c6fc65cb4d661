import type { Slot } from '@varve/consensus';
import { VerdictCache } from '@varve/crypto';
import { height, type PublicKeyHex, type TransactionId } from '@varve/encoding';
import { heightOfDamage, type Ledger, RecordDamaged, rulesFault } from '@varve/ledger/chain';
import { AdmissionDesk } from './admission.ts';
import { Applier } from './applier.ts';
import { Barriers } from './barriers.ts';
import { Durability } from './durability.ts';
import { startEngine } from './engine-start.ts';
import type { Effects, Instant, TransactionState, ValidatorEvent } from './events.ts';
import { EvidenceBook } from './evidence.ts';
import { Follow } from './follow.ts';
import { Inbound } from './inbound.ts';
import { type Instance, keyMismatch, openInstance } from './instance.ts';
import { Journal } from './journal.ts';
import { SLICES_PER_STEP } from './limits.ts';
import type { LoadedStore } from './loader.ts';
import { bindMark } from './mark-binding.ts';
import { type ObserverOnly, VoteRight } from './observer-only.ts';
import type { ValidatorOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Peers } from './peers.ts';
import { Pool } from './pool.ts';
import { Production } from './production.ts';
import { Proposals } from './proposals.ts';
import { type ReactionParts, Reactions } from './reactions.ts';
import { PayloadVerifier } from './signatures.ts';
import { Spread } from './spread.ts';
import { StatementVerifier } from './statement-verifier.ts';
import { conditionsOf, modeOf, type ValidatorStatus } from './status.ts';
import { freshInstance, type StoredInstance } from './stored-instance.ts';
import { successorOf } from './successor.ts';

/**
 * A whole replica as one synchronous step machine: engine, ledger, pool, seals and block sync together. `step` is
 * total: it answers every event with effects and never waits, reads no clock and opens nothing (DESIGN §6).
 */
export class Validator {
  readonly ledger: Ledger;
  readonly #loaded: LoadedStore;
  readonly #options: ValidatorOptions;
  readonly #outbox = new Outbox();
  readonly #durability: Durability;
  readonly #peers: Peers;
  readonly #pool: Pool;
  readonly #desk: AdmissionDesk;
  readonly #verifier: PayloadVerifier;
  readonly #applier: Applier;
  readonly #evidence: EvidenceBook;
  readonly #follow: Follow;
  readonly #spread: Spread;
  readonly #barriers: Barriers;
  readonly #production: Production;
  readonly #proposals: Proposals;
  readonly #reactions: Reactions;
  readonly #inbound: Inbound;
  readonly #voteRight: VoteRight;
  #instance: Instance;
  #now: Instant;
  #retiring = false;

  constructor(loaded: LoadedStore, options: ValidatorOptions, now: Instant) {
    const { ledger, records } = loaded;
    this.ledger = ledger;
    this.#loaded = loaded;
    this.#options = options;
    this.#now = now;
    const journal = new Journal(records, loaded.journal, () => ({
      instance: this.#instance.id,
      engineState: this.#instance.log.stateBytes ?? null,
      vouched: this.#vouched ?? null,
      tipHeight: ledger.tip.header.height,
    }));
    const outbox = this.#outbox;
    const mark = bindMark(loaded, options.networkKey);
    this.#voteRight = new VoteRight(records, outbox, () => journal.number, mark);
    this.#durability = new Durability(records, journal, outbox);
    this.#peers = new Peers();
    this.#pool = new Pool(options.pool, options.salt);
    const verdicts = new VerdictCache(options.verdictsMax);
    this.#verifier = new PayloadVerifier(this.#pool, verdicts, options.signatureRule, outbox);
    this.#spread = new Spread(this.#pool, ledger, this.#peers, outbox, () => this.#instance.self === undefined);
    this.#barriers = new Barriers(outbox);
    this.#production = new Production(ledger, this.#pool, this.#verifier.opened, outbox);
    this.#proposals = new Proposals(ledger, this.#verifier);
    this.#evidence = new EvidenceBook(ledger, this.#peers, outbox, options.signatureRule, loaded.evidence, (key) =>
      this.#reactions.accused(key),
    );
    this.#reactions = new Reactions(this.#reactionParts());
    this.#applier = new Applier(ledger, this.#verifier, this.#reactions);
    this.#desk = new AdmissionDesk(ledger, this.#pool, this.#verifier, outbox, this.#reactions);
    this.#follow = new Follow(
      { ledger, applier: this.#applier, peers: this.#peers, outbox },
      loaded.report.damagedBlocks,
      options.signatureRule,
      (synced) => this.#reactions.mend(synced),
    );
    this.#inbound = new Inbound({
      peers: this.#peers,
      outbox,
      desk: this.#desk,
      follow: this.#follow,
      spread: this.#spread,
      barriers: this.#barriers,
      evidence: this.#evidence,
      instance: () => this.#instance,
      barrierWanted: (peer, context) => this.#openBarrier({ kind: 'peer', peer, context }),
    });
    if (mark) outbox.log('error', mark.code, { reason: mark.reason });
    this.#instance = this.#open(loaded.instance);
    if (loaded.report.stateRebuilt) outbox.log('warn', 'STATE_REBUILT', { height: ledger.tip.header.height });
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
    const { self, keyless, engine, greeting, sealing } = this.#instance;
    const mode = modeOf(self, this.#voteRight.lost, engine);
    return {
      member: self,
      mode,
      observerOnly: this.#voteRight.lost,
      durableHeight: height(this.#reactions.durableHeight),
      finalHeight: this.ledger.finalHeight,
      engine: engine?.status(),
      pool: { transactions: this.#pool.size, bytes: this.#pool.bytes },
      conditions: conditionsOf({
        observerOnly: this.#voteRight.lost,
        keyMismatch: keyless && keyMismatch(keyless, this.#options.signingKeys),
        isStarting: mode === 'starting',
        follows: self === undefined || this.#voteRight.lost !== undefined,
        isHandingOver: this.#reactions.isBetween,
        engine: engine?.status(),
        greeting,
        sealing,
        production: this.#production,
        follow: this.#follow,
        peers: this.#peers,
        now: this.#now,
      }),
      leaving: this.#instance.leaving?.status,
      sealsMissing: sealing.missing,
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
    return this.#instance.engine?.vouched ?? this.#instance.stored.vouched;
  }

  #dispatch(event: ValidatorEvent): void {
    const now = this.#now;
    switch (event.kind) {
      case 'packet':
        return this.#inbound.packet(event.from, event.bytes, now);
      case 'gossip':
        return this.#inbound.gossip(event.topic, event.bytes, now);
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
        if (!this.#instance.sealing.signed(event.job, event.signatures))
          this.#reactions.signed(event.job, event.signatures);
        return;
      case 'retire':
        return this.#retire();
    }
  }

  /** Whatever an event made possible. */
  #proceed(): void {
    const now = this.#now;
    this.#instance.greeting.tick(now);
    this.#startEngine();
    this.#instance.engine?.tick(now.monotonic);
    while (this.#durability.runReady());
    for (let slice = 0; slice < SLICES_PER_STEP && this.#applier.run(); slice++) {
      if (slice === SLICES_PER_STEP - 1) this.#outbox.wake(now.monotonic);
    }
    const { engine } = this.#instance;
    if (engine) {
      this.#proposals.answer(engine, now);
      this.#production.updateDemand(engine, now);
      this.#production.tryBuild(engine, this.#buildObstacle(), now);
    }
    this.#follow.tick(engine !== undefined, now.monotonic);
    this.#follow.serveNext(now.monotonic);
    this.#spread.tick(() => engine?.status(), now.monotonic);
    this.#spread.flush();
    this.#reactions.tick(now);
    while (this.#durability.runReady());
    this.#barriers.settle(this.#reactions.durableApplied, this.#reactions.durableHeight, now.monotonic);
    this.#durability.flush();
    this.#instance.engine?.scheduleWake();
  }

  #onLink(networkKey: PublicKeyHex, up: boolean): void {
    if (up) {
      const peer = this.#peers.connect(networkKey);
      this.#instance.greeting.greet(peer, this.#now);
      this.#evidence.connected(peer);
    } else {
      this.#peers.disconnect(networkKey);
      this.#evidence.disconnected(networkKey);
      this.#follow.disconnected(networkKey);
    }
    const { ruled, engine } = this.#instance;
    const member = ruled.configuration.validators.find((validator) => validator.networkKey === networkKey);
    if (member) engine?.step({ kind: 'link', peer: member.name, up }, this.#now.monotonic);
  }

  #openBarrier(asker: Parameters<Barriers['open']>[0]): void {
    const context = this.#barriers.open(asker, this.#now.monotonic);
    if (context === undefined) return;
    const { engine, self } = this.#instance;
    if (engine) return engine.step({ kind: 'read', context }, this.#now.monotonic);
    const [member] = self === undefined || this.#voteRight.lost ? [...this.#peers.members()] : [];
    if (member && asker.kind === 'client') {
      this.#outbox.send(member.networkKey, { kind: 'barrierWanted', context });
    } else {
      this.#barriers.unavailable(context);
    }
  }

  /** Creates the engine once enough members were heard and everything it stands on is durable. */
  #startEngine(): void {
    const instance = this.#instance;
    const { self } = instance;
    if (instance.engine || self === undefined || this.#voteRight.lost || this.#retiring) return;
    if (!instance.greeting.isComplete || this.#reactions.durableHeight < this.ledger.tip.header.height) return;
    // The next instance begins in a moment.
    if (this.ledger.ruling.hash !== instance.ruled.hash) return;
    const name = instance.ruled.configuration.protocol;
    const protocol = this.#options.protocols(name);
    if (protocol === undefined) return this.#outbox.halt('PROTOCOL_UNKNOWN', `this program has no engine for ${name}`);
    instance.engine = startEngine({
      ledger: this.ledger,
      instance: instance.stored,
      boots: this.#loaded.boots,
      protocol,
      self,
      options: this.#options,
      surroundings: this.#reactions.engineSurroundings(instance, self),
      isConnected: (networkKey) => this.#peers.get(networkKey) !== undefined,
      isAccused: (signingKey) => this.#evidence.isAgainst(signingKey),
      now: this.#now.monotonic,
    });
    if (this.ledger.isHandingOver) instance.engine.step({ kind: 'drain' }, this.#now.monotonic);
    instance.sealing.enable();
    this.#outbox.log('info', 'ENGINE_STARTED', { protocol: name, height: this.ledger.tip.header.height });
  }

  #open(stored: StoredInstance): Instance {
    return openInstance({
      ledger: this.ledger,
      records: this.#loaded.records,
      peers: this.#peers,
      outbox: this.#outbox,
      options: this.#options,
      stored,
      evidence: this.#evidence,
      sealingEvents: this.#reactions,
      own: () => {
        const { durableHeight, sealedHeight } = this.#reactions;
        return { vouched: this.#vouched, durableHeight, sealedHeight };
      },
      greetingEvents: {
        heard: (peer, hello) => {
          this.#instance.sealing.help(peer, hello);
          this.#instance.leaving?.heard(peer);
        },
        rolledBack: (mark) => this.#becomeObserverOnly(mark),
      },
      voteRight: this.#voteRight,
    });
  }

  /** The next configuration begins once the certificate of the last block before it is durable (DESIGN §2). */
  #handOver(): void {
    const before = this.#instance;
    const { ledger } = this;
    const { first, hash, configuration } = ledger.ruling;
    if (hash === before.ruled.hash || this.#reactions.durableFinal < first - 1) return;
    const unknown = rulesFault(configuration, first, ledger.rulesKnown);
    if (unknown !== undefined) return this.#outbox.halt('RULES_UNKNOWN', unknown);
    before.engine?.stop();
    before.log.clear(first - 1);
    this.#instance = this.#open(freshInstance(ledger));
    this.#production.beginInstance();
    this.#proposals.beginInstance();
    this.#barriers.beginInstance(first - 1);
    this.#reactions.beginInstance();
    this.#evidence.beginConfiguration();
    this.#outbox.notice({ kind: 'configuration', first });
    const { number, protocol } = configuration;
    this.#outbox.log('info', 'CONFIGURATION_BEGAN', { number, protocol, first, seat: this.#instance.self?.name ?? '' });
    this.#instance.greeting.begin(this.#now);
    // Certified blocks may have waited for this.
    this.#outbox.wake(this.#now.monotonic);
  }

  #buildObstacle(): string | undefined {
    if (this.#retiring) return 'RETIRING';
    if (this.#reactions.isBetween) return 'CONFIGURATION_UNCERTIFIED';
    if (this.#instance.sealing.isContradicted) return 'SEALS_CONTRADICT';
    const obstacle = this.#instance.greeting.clockObstacle(this.#now);
    if (obstacle === 'CLOCK_SKEWED') this.#transfer();
    return obstacle;
  }

  #retire(): void {
    this.#retiring = true;
    this.#transfer();
  }

  /** Gives leadership away, where there is somebody to take it. */
  #transfer(): void {
    const { engine } = this.#instance;
    const status = engine?.status();
    if (engine === undefined || status?.role !== 'leader') return;
    const to = successorOf(status, this.#peers);
    if (to !== undefined) engine.step({ kind: 'transfer', to }, this.#now.monotonic);
  }

  #becomeObserverOnly(mark: ObserverOnly): void {
    if (this.#voteRight.lost) return;
    const { engine, self, sealing } = this.#instance;
    engine?.stop();
    sealing.disable();
    this.#instance.engine = undefined;
    this.#voteRight.lose(mark, self);
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
      statements: new StatementVerifier(this.#options.signatureRule),
      evidence: this.#evidence,
      desk: () => this.#desk,
      applier: () => this.#applier,
      follow: () => this.#follow,
      instance: () => this.#instance,
      handOver: () => this.#handOver(),
      now: () => this.#now,
    };
  }
}
