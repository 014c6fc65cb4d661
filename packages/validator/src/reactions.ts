import type { Entry, Payload, Slot, ValidatorMember } from '@varve/consensus';
import type { NodeId, PayloadId, PublicKeyHex, TransactionId } from '@varve/encoding';
import {
  anchorOf,
  type Certificate,
  encodeBlock,
  encodeCertificate,
  type SealedHeader,
  type Transaction,
} from '@varve/ledger';
import {
  certificateKey,
  type ExecutedBlock,
  type Execution,
  headerAt,
  headerKey,
  type Ledger,
  outcomeOf,
  payloadAt,
  payloadKey,
  RecordDamaged,
  type RecordStore,
} from '@varve/ledger/chain';
import type { AdmissionDesk, AdmissionEvents } from './admission.ts';
import type { Applier, ApplierEvents, SyncedBlock } from './applier.ts';
import type { Barriers } from './barriers.ts';
import type { Durability } from './durability.ts';
import type { EngineSurroundings } from './engine-host.ts';
import type { Instant, TransactionState } from './events.ts';
import type { EvidenceBook } from './evidence.ts';
import type { Follow } from './follow.ts';
import type { Instance } from './instance.ts';
import type { Outbox } from './outbox.ts';
import { encodePackets } from './packet.ts';
import type { Peers } from './peers.ts';
import type { Pool } from './pool.ts';
import type { Production } from './production.ts';
import type { Proposals } from './proposals.ts';
import type { SealingEvents } from './sealing.ts';
import type { PayloadVerifier } from './signatures.ts';
import type { Spread } from './spread.ts';
import type { StatementVerifier } from './statement-verifier.ts';

/** Parts of one validator. Those that react on each other's events are reached through functions. */
export interface ReactionParts {
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly durability: Durability;
  readonly peers: Peers;
  readonly pool: Pool;
  readonly production: Production;
  readonly spread: Spread;
  readonly barriers: Barriers;
  readonly verifier: PayloadVerifier;
  readonly proposals: Proposals;
  readonly statements: StatementVerifier;
  readonly evidence: EvidenceBook;
  readonly desk: () => AdmissionDesk;
  readonly applier: () => Applier;
  readonly follow: () => Follow;
  readonly instance: () => Instance;
  /** The certificate of the last block before the configuration that rules now is durable. */
  readonly handOver: () => void;
  readonly now: () => Instant;
}

/** Transactions of which it is remembered that they expired. */
const EXPIRED_MEMORY_MAX = 10_000;
/** How often the pool is searched for what expired, milliseconds. */
const EXPIRY_INTERVAL_MS = 1000;
/** A transaction this long past its validity by this node's clock is dropped even where no block says so; milliseconds. */
const EXPIRY_GRACE_MS = 60_000;

/** What follows in one part of a validator from what happened in another. */
export class Reactions implements ApplierEvents, SealingEvents, AdmissionEvents {
  readonly #parts: ReactionParts;
  readonly #expired = new Set<TransactionId>();
  readonly #signing = new Map<number, (signature: Uint8Array) => void>();
  #durableHeight: number;
  #sealedHeight: number;
  #durableApplied: number;
  #durableFinal: number;
  #nextExpiryAt = 0;

  constructor(parts: ReactionParts) {
    this.#parts = parts;
    this.#durableHeight = parts.ledger.tip.header.height;
    this.#sealedHeight = this.#durableHeight;
    this.#durableApplied = parts.ledger.applied;
    this.#durableFinal = parts.ledger.finalHeight;
  }

  get durableHeight(): number {
    return this.#durableHeight;
  }

  /** No seal of this validator is of a greater height: it sealed it in this run, or its store had it at the start. */
  get sealedHeight(): number {
    return this.#sealedHeight;
  }

  /** Certified up to here, and that is durable. */
  get durableFinal(): number {
    return this.#durableFinal;
  }

  get durableApplied(): number {
    return this.#durableApplied;
  }

  // Admission

  admitted(transaction: Transaction, own: boolean): void {
    if (own) this.#parts.spread.admitted(transaction);
  }

  // Execution

  executed(block: ExecutedBlock, synced: SyncedBlock | undefined): void {
    const { durability, production, pool } = this.#parts;
    const { sealing, engine } = this.#parts.instance();
    const { sealed, execution } = block;
    production.noteExecuted(sealed.header.height, execution.payloadBytes);
    for (const transaction of execution.executed) pool.remove(transaction.id);
    this.#discard(execution);
    this.#noticeAdmission(execution);
    // Before its certificate is taken: whoever waits hears first that the block is here, then that it is final.
    durability.after(() => this.#blockDurable(block, synced));
    // The last block of its configuration: its engine builds nothing and confirms no read any more.
    if (this.#parts.ledger.isHandingOver) engine?.step({ kind: 'drain' }, this.#parts.now().monotonic);
    if (synced?.certificate) sealing.accept(synced.certificate);
    sealing.executed(sealed);
  }

  skipped(execution: Execution): void {
    this.#discard(execution);
  }

  applied(index: number, payload: PayloadId | undefined, madeBlock: boolean): void {
    const { durability, pool, instance, now } = this.#parts;
    const { log, engine } = instance();
    if (payload) pool.release(payload);
    if (payload) log.noteExecuted(index, payload, madeBlock);
    engine?.step({ kind: 'applied', index }, now().monotonic);
    durability.after(() => {
      // Indexes of an instance that ended meanwhile say nothing of the next.
      if (instance().log === log) this.#durableApplied = Math.max(this.#durableApplied, index);
    });
  }

  /** Its last block is executed; the next configuration begins when the certificate of that block is durable. */
  get isBetween(): boolean {
    const { ledger, instance } = this.#parts;
    return ledger.next.hash !== instance().ruled.hash;
  }

  /** Its transactions wait again, here too where the payload is all that is known of them. */
  ignored(payload: Payload): void {
    const { pool, verifier, desk, now } = this.#parts;
    const opened = verifier.opened.open(payload.id, payload.bytes);
    verifier.opened.forget(payload.id);
    pool.release(payload.id);
    if (opened) desk().receive(undefined, opened.content.transactions, now());
  }

  /** Another instance begins: its indexes count from 1. */
  beginInstance(): void {
    this.#durableApplied = 0;
  }

  diverged(synced: SyncedBlock, made: ExecutedBlock | undefined): void {
    const { ledger, instance, outbox } = this.#parts;
    const { hash, header } = synced.block.sealed;
    if (made) return instance().sealing.diverged(made.sealed, hash);
    outbox.halt(
      'STATE_DIVERGED',
      `certified block ${hash} at height ${header.height} makes no block on ${ledger.tip.hash}`,
    );
  }

  // Seals and certificates

  sealing(height: number): void {
    this.#sealedHeight = Math.max(this.#sealedHeight, height);
  }

  certified(certificate: Certificate, sealed: SealedHeader): void {
    const { durability, production, outbox } = this.#parts;
    production.noteFinal(certificate.height);
    durability.after(() => {
      this.#durableFinal = Math.max(this.#durableFinal, certificate.height);
      outbox.notice({ kind: 'final', height: certificate.height });
      if (this.#isOfInstance(sealed)) {
        this.#parts.instance().engine?.certified(anchorOf(sealed), this.#parts.now().monotonic);
      }
      this.#gossip(sealed, certificate);
      this.#parts.handOver();
    });
  }

  /** Whether `job` was a signature that the engine asked for. */
  signed(job: number, signatures: readonly Uint8Array[]): boolean {
    const then = this.#signing.get(job);
    const signature = signatures[0];
    if (then === undefined || signature === undefined) return false;
    this.#signing.delete(job);
    then(signature);
    return true;
  }

  /** There is evidence against the holder of a signing key: the engine need not believe it any more. */
  accused(signingKey: PublicKeyHex): void {
    const { engine, ruled } = this.#parts.instance();
    const member = ruled.configuration.validators.find((validator) => validator.signingKey === signingKey);
    if (member) engine?.step({ kind: 'equivocated', voter: member.name }, this.#parts.now().monotonic);
  }

  // Repair

  /** A damaged block arrived again from a peer. */
  mend(synced: SyncedBlock): void {
    const { records } = this.#parts.ledger;
    const { sealed, payload } = synced.block;
    records.put(headerKey(sealed.header.height), sealed.bytes);
    if (payload) records.put(payloadKey(sealed.header.payloadHash), payload);
    const certificate = certificateKey(sealed.header.height);
    if (synced.certificate) records.put(certificate, encodeCertificate(synced.certificate));
    else if (isDamaged(records, certificate)) records.delete(certificate);
    this.#parts.outbox.log('info', 'BLOCK_MENDED', { height: sealed.header.height });
  }

  // Time

  /** Drops what can never execute any more. */
  tick(now: Instant): void {
    const { pool, outbox, ledger } = this.#parts;
    if (pool.size === 0 || now.monotonic < this.#nextExpiryAt) return;
    this.#nextExpiryAt = now.monotonic + EXPIRY_INTERVAL_MS;
    outbox.wake(this.#nextExpiryAt);
    const finalTime = headerAt(ledger, ledger.finalHeight)?.header.time ?? 0;
    const expired = [...pool.all()].filter(({ transaction }) => {
      if (transaction.validUntil < finalTime) this.#rememberExpired(transaction.id);
      else if (transaction.validUntil + EXPIRY_GRACE_MS >= now.wall) return false;
      return true;
    });
    if (expired.length === 0) return;
    for (const { transaction } of expired) pool.remove(transaction.id);
    outbox.notice({
      kind: 'discarded',
      transactions: expired.map(({ transaction }) => ({ id: transaction.id, code: 'TRANSACTION_EXPIRED' })),
    });
  }

  transactionState(id: TransactionId): TransactionState {
    const { ledger, pool } = this.#parts;
    if (pool.get(id)) return { state: 'pending' };
    const found = outcomeOf(ledger, id);
    if (found) {
      if (found.height > this.#durableHeight) return { state: 'pending' };
      return { state: found.height <= this.#durableFinal ? 'final' : 'committed', ...found };
    }
    return { state: this.#expired.has(id) ? 'expired' : 'unknown' };
  }

  // The engine

  engineSurroundings(instance: Instance, self: ValidatorMember): EngineSurroundings {
    const { durability, outbox, peers, verifier, statements, ledger, production } = this.#parts;
    const { barriers, applier, follow, proposals, evidence } = this.#parts;
    const { log, ruled } = instance;
    return {
      durability,
      log,
      send: (to, frame) => {
        const member = peers.member(to);
        if (member && peers.get(member.networkKey)) outbox.send(member.networkKey, { kind: 'frame', frame });
      },
      sign: (message, then) => {
        const job = outbox.nextJob();
        this.#signing.set(job, then);
        outbox.sign(job, self.signingKey, [message]);
      },
      verify: (voter, message, signature) => {
        const member = voter === self.name ? self : peers.member(voter);
        return member !== undefined && statements.isSigned(member.signingKey, message, signature);
      },
      arrived: (payload: Payload) => verifier.prepare(payload.id, payload.bytes),
      committed: (entry: Entry) => {
        if (entry.index > ledger.applied) applier().enqueue(entry, ruled.hash);
      },
      dropped: (payloads) => production.dropped(payloads),
      check: (slot, payload, fresh) => proposals.ask(slot, payload, fresh),
      evidence: ({ voter, first, second }) => {
        const member = voter === self.name ? self : peers.member(voter);
        if (member) evidence.found(member, ruled.hash, first, second);
      },
      read: (context, index, ok) => barriers.confirmed(context, index, ok),
      syncWanted: () => follow().want(),
      witnessed: (member: NodeId, slot: Slot, statement) => {
        const found = peers.member(member);
        if (found) peers.noteVouched(found, slot, statement);
      },
      misbehaved: (member: NodeId, reason: string) => {
        const found = peers.member(member);
        if (found) outbox.misbehaved(found.networkKey, reason);
      },
      wake: (at) => outbox.wake(at),
    };
  }

  #blockDurable({ sealed, execution }: ExecutedBlock, synced: SyncedBlock | undefined): void {
    const { outbox, now } = this.#parts;
    const { sealing, engine } = this.#parts.instance();
    this.#durableHeight = sealed.header.height;
    const { hash, header } = sealed;
    outbox.notice({ kind: 'committed', height: header.height, hash, executed: execution.executed });
    sealing.durable(sealed);
    if (synced === undefined || !this.#isOfInstance(sealed)) return;
    this.#durableApplied = Math.max(this.#durableApplied, sealed.header.index);
    // Only a certified block can carry a log; blocks between two certificates are passed on the way.
    if (synced.certificate) engine?.step({ kind: 'synced', anchor: anchorOf(sealed) }, now().monotonic);
  }

  /** A place in the log of the present engine; the last block of its configuration is the start of the next. */
  #isOfInstance({ header }: SealedHeader): boolean {
    const { hash } = this.#parts.instance().ruled;
    return header.configurationHash === hash && header.nextConfigurationHash === hash;
  }

  #discard(execution: Execution): void {
    const { pool, outbox } = this.#parts;
    const discarded = execution.skipped.flatMap(({ id, code }) => {
      // A known one was executed before; it is no news that it will not be again.
      if (id === undefined || pool.get(id) === undefined) return [];
      pool.remove(id);
      return code === 'TRANSACTION_KNOWN' ? [] : [{ id, code }];
    });
    if (discarded.length > 0) outbox.notice({ kind: 'discarded', transactions: discarded });
  }

  /** Who may connect follows the state of `accounts`. */
  #noticeAdmission(execution: Execution): void {
    for (const change of execution.changes()) {
      if (change.module === this.#parts.ledger.accounts.module) return this.#parts.outbox.notice({ kind: 'admission' });
    }
  }

  /** One node is enough to tell observers of a finished block: the leader. */
  #gossip(sealed: SealedHeader, certificate: Certificate): void {
    const { instance, peers, ledger, outbox } = this.#parts;
    if (instance().engine?.status().role !== 'leader' || peers.observers().next().done === true) return;
    const payload = payloadAt(ledger, sealed.header.height);
    if (payload === undefined) return;
    const blocks = [{ block: encodeBlock({ sealed, payload }), certificate: encodeCertificate(certificate) }];
    for (const bytes of encodePackets([{ kind: 'blocks', blocks }])) outbox.publish('blocks', bytes);
  }

  #rememberExpired(id: TransactionId): void {
    this.#expired.add(id);
    const oldest = this.#expired.values().next().value;
    if (this.#expired.size > EXPIRED_MEMORY_MAX && oldest !== undefined) this.#expired.delete(oldest);
  }
}

function isDamaged(records: RecordStore, key: Uint8Array): boolean {
  try {
    records.get(key);
    return false;
  } catch (error) {
    if (error instanceof RecordDamaged) return true;
    throw error;
  }
}
