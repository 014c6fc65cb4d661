import { faultModelOf, quorumSize, type SignedBytes, type ValidatorMember } from '@varve/consensus';
import { type BlockHash, type ConfigurationHash, fromHex, type PublicKeyHex } from '@varve/encoding';
import {
  type Certificate,
  certificateFault,
  decodeCertificate,
  decodeSeal,
  encodeCertificate,
  encodeSeal,
  LedgerError,
  type Seal,
  type SealedHeader,
  sealSignBytes,
} from '@varve/ledger';
import { certificateAt, headerAt, type Ledger, type RuledStretch, unlessDamaged } from '@varve/ledger/chain';
import type { EvidenceBook } from './evidence.ts';
import type { Hello } from './hello.ts';
import { CERTIFICATES_REMEMBERED_MAX, SEALS_AHEAD_MAX, SEALS_RESENT_MAX } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { Peer, Peers } from './peers.ts';
import { SealBook } from './seals.ts';
import type { SignatureRule } from './signatures.ts';

/** What sealing tells the validator. */
export interface SealingEvents {
  /** This validator's seal of a height will leave. */
  sealing(height: number): void;
  /** A certificate was written; it is to be announced once durable. */
  certified(certificate: Certificate, sealed: SealedHeader): void;
}

/** Seals what is durable here, gathers the seals of others, and makes certificates of them. */
export class Sealing {
  readonly #ledger: Ledger;
  readonly #peers: Peers;
  readonly #outbox: Outbox;
  readonly #rule: SignatureRule;
  readonly #evidence: EvidenceBook;
  readonly #events: SealingEvents;
  readonly #book: SealBook;
  /** Seals of one configuration only. */
  readonly #ruled: RuledStretch;
  /** Own seat, and its position in the configuration; absent for observers. */
  readonly #self: ValidatorMember | undefined;
  readonly #position: number | undefined;
  readonly #jobs = new Map<number, SealedHeader>();
  /** Certificates of heights that are not executed here yet. */
  readonly #early = new Map<number, Certificate>();
  /** Heights of which not all seals name the same block. */
  readonly #disputed = new Set<number>();
  #enabled = false;

  constructor(
    ledger: Ledger,
    peers: Peers,
    outbox: Outbox,
    rule: SignatureRule,
    evidence: EvidenceBook,
    self: ValidatorMember | undefined,
    events: SealingEvents,
  ) {
    this.#ledger = ledger;
    this.#peers = peers;
    this.#outbox = outbox;
    this.#rule = rule;
    this.#evidence = evidence;
    this.#events = events;
    this.#ruled = ledger.ruling;
    this.#self = self;
    this.#position = self && this.#validators.indexOf(self);
    this.#book = new SealBook(this.#ruled.configuration);
    this.#rememberSealed();
  }

  get #validators(): readonly ValidatorMember[] {
    return this.#ruled.configuration.validators;
  }

  /** From now on this validator seals; what is durable and not final is sealed first. */
  enable(): void {
    if (this.#enabled || this.#position === undefined) return;
    this.#enabled = true;
    for (let at = this.#ledger.finalHeight + 1; at <= this.#ledger.tip.header.height; at++) {
      const sealed = headerAt(this.#ledger, at);
      if (sealed) this.#seal(sealed);
    }
  }

  /** This validator must not give its word any more, also not what is being signed. */
  disable(): void {
    this.#enabled = false;
    this.#jobs.clear();
  }

  /** Executed, not necessarily durable: seals and certificates that came early apply now. */
  executed(sealed: SealedHeader): void {
    const early = this.#early.get(sealed.header.height);
    if (early === undefined) return;
    this.#early.delete(sealed.header.height);
    this.#certify(early);
  }

  /** Durable: this validator's word can be given. */
  durable(sealed: SealedHeader): void {
    if (this.#enabled && sealed.header.configurationHash === this.#ruled.hash) this.#seal(sealed);
  }

  /** Whether `job` was one of sealing's. */
  signed(job: number, signatures: readonly Uint8Array[]): boolean {
    const sealed = this.#jobs.get(job);
    if (sealed === undefined) return false;
    this.#jobs.delete(job);
    const signature = signatures[0];
    if (signature === undefined || this.#position === undefined) return true;
    const seal: Seal = {
      configurationHash: this.#ruled.hash,
      height: sealed.header.height,
      blockHash: sealed.hash,
      validatorIndex: this.#position,
      signature,
    };
    const encoded = encodeSeal(seal);
    for (const peer of this.#peers.members()) this.#outbox.send(peer.networkKey, { kind: 'seals', seals: [encoded] });
    this.#add(seal);
    return true;
  }

  /** Seals from a member. */
  receive(peer: Peer, seals: readonly Uint8Array[]): void {
    for (const bytes of seals) {
      let seal: Seal;
      try {
        seal = decodeSeal(bytes);
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        return this.#outbox.misbehaved(peer.networkKey, 'a malformed seal');
      }
      if (!this.#judge(seal, peer.networkKey)) return;
    }
  }

  /** A certificate somebody assembled. */
  receiveCertificate(from: PublicKeyHex, bytes: Uint8Array): void {
    let certificate: Certificate;
    try {
      certificate = decodeCertificate(bytes);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return this.#outbox.misbehaved(from, 'a malformed certificate');
    }
    if (certificate.height <= this.#ledger.finalHeight || certificate.configurationHash !== this.#ruled.hash) return;
    const { configuration, hash } = this.#ruled;
    const fault = certificateFault(certificate, this.#ledger.chainId, configuration, hash, this.#rule);
    if (fault !== undefined) return this.#outbox.misbehaved(from, `a certificate that proves nothing: ${fault}`);
    this.accept(certificate);
  }

  /** A verified certificate. */
  accept(certificate: Certificate): void {
    if (certificate.height <= this.#ledger.finalHeight) return this.#complete(certificate);
    if (certificate.height > this.#ledger.tip.header.height) {
      if (certificate.height <= this.#ledger.tip.header.height + SEALS_AHEAD_MAX) {
        this.#early.set(certificate.height, certificate);
      }
      return;
    }
    this.#certify(certificate);
  }

  /** Gives a peer whose final height lags what it may have missed. */
  help(peer: Peer, { finalHeight, height, configurationHash }: Hello): void {
    const ledger = this.#ledger;
    if (configurationHash !== this.#ruled.hash) return this.#helpOver(peer, configurationHash);
    if (finalHeight < ledger.finalHeight && height >= ledger.finalHeight) {
      const certificate = unlessDamaged(() => certificateAt(ledger, ledger.finalHeight));
      if (certificate)
        this.#outbox.send(peer.networkKey, { kind: 'certificate', certificate: encodeCertificate(certificate) });
    }
    if (this.#position === undefined || !peer.member) return;
    const seals: Uint8Array[] = [];
    const first = Math.max(finalHeight, ledger.finalHeight) + 1;
    for (let at = first; at <= ledger.tip.header.height && seals.length < SEALS_RESENT_MAX; at++) {
      const seal = this.#book.of(at, this.#position);
      if (seal) seals.push(encodeSeal(seal));
    }
    if (seals.length > 0) this.#outbox.send(peer.networkKey, { kind: 'seals', seals });
  }

  /** A peer in an earlier configuration needs the certificate of its last block before it can go on. */
  #helpOver(peer: Peer, hash: ConfigurationHash): void {
    const { configurations, finalHeight } = this.#ledger;
    const following = configurations.all[configurations.all.findIndex((stretch) => stretch.hash === hash) + 1];
    const known = configurations.withHash(hash) && following && following.first - 1 <= finalHeight;
    const certificate = known ? unlessDamaged(() => certificateAt(this.#ledger, following.first - 1)) : undefined;
    if (certificate) {
      this.#outbox.send(peer.networkKey, { kind: 'certificate', certificate: encodeCertificate(certificate) });
    }
  }

  /** Whether seals of others contradict a block above the final height: then nothing more is promised (DESIGN §1). */
  get isContradicted(): boolean {
    for (const at of this.#disputed) {
      const sealed = headerAt(this.#ledger, at);
      if (sealed && this.#book.isContradicted(sealed.header.height, sealed.hash)) return true;
    }
    return false;
  }

  /** Members whose seal of the lowest uncertified block is missing. */
  get missing(): readonly string[] {
    const at = this.#ledger.finalHeight + 1;
    if (at > this.#ledger.tip.header.height) return [];
    const sealed = headerAt(this.#ledger, at);
    return sealed ? this.#book.missing(sealed.header.height) : [];
  }

  /**
   * Whoever signed a certificate sealed its block: of each member the newest is looked for. A validator that comes back
   * with an older store must hear of it also from those that were restarted themselves.
   */
  #rememberSealed(): void {
    const { configurations, finalHeight } = this.#ledger;
    const unseen = new Set(this.#validators.map(({ signingKey }) => signingKey));
    const lowest = Math.max(0, finalHeight - CERTIFICATES_REMEMBERED_MAX);
    for (let at = finalHeight; at > lowest && unseen.size > 0; at--) {
      const certificate = unlessDamaged(() => certificateAt(this.#ledger, at));
      if (certificate === undefined) continue;
      const { configurationHash, height, blockHash } = certificate;
      const signers = configurations.withHash(configurationHash)?.configuration.validators;
      for (const { validatorIndex, signature } of certificate.signatures) {
        const validator = signers?.[validatorIndex];
        if (validator === undefined || !unseen.delete(validator.signingKey)) continue;
        const seal = { configurationHash, height, blockHash, validatorIndex, signature };
        this.#peers.noteSealed(validator, seal, undefined);
      }
    }
  }

  #seal(sealed: SealedHeader): void {
    if (this.#self === undefined) return;
    const job = this.#outbox.nextJob();
    this.#jobs.set(job, sealed);
    const { header, hash } = sealed;
    this.#events.sealing(header.height);
    const signed = sealSignBytes(this.#ledger.chainId, this.#ruled.hash, header.height, hash);
    this.#outbox.sign(job, this.#self.signingKey, [signed]);
  }

  /** Returns whether the sender told the truth as far as one can see. */
  #judge(seal: Seal, from: PublicKeyHex): boolean {
    const { finalHeight, tip, chainId } = this.#ledger;
    const configurationHash = this.#ruled.hash;
    if (seal.configurationHash !== configurationHash) return true;
    if (seal.height > tip.header.height + SEALS_AHEAD_MAX) return true;
    const validator = this.#validators[seal.validatorIndex];
    if (seal.height <= finalHeight && !this.#lacksCertificate(seal.height)) {
      // Too late for a certificate, and its word all the same: the link proves whose.
      const kept = { ...seal, signature: new Uint8Array(seal.signature) };
      if (validator?.networkKey === from) this.#peers.noteSealed(validator, kept, from);
      return true;
    }
    if (validator === undefined) {
      this.#outbox.misbehaved(from, 'a seal of nobody');
      return false;
    }
    if (this.#book.of(seal.height, seal.validatorIndex)?.blockHash === seal.blockHash) return true;
    const signed = sealSignBytes(chainId, configurationHash, seal.height, seal.blockHash);
    if (!this.#rule(fromHex(validator.signingKey), signed, seal.signature)) {
      this.#outbox.misbehaved(from, 'a seal with a wrong signature');
      return false;
    }
    const kept = { ...seal, signature: new Uint8Array(seal.signature) };
    this.#peers.noteSealed(validator, kept, from);
    this.#add(kept);
    return true;
  }

  #add(seal: Seal): void {
    const verdict = this.#book.add(seal);
    if (verdict.kind === 'certified') this.accept(verdict.certificate);
    if (verdict.kind === 'equivocation') this.#keepEvidence(verdict.earlier, seal);
    const ours = headerAt(this.#ledger, seal.height);
    if (this.#book.isDisputed(seal.height)) this.#disputed.add(seal.height);
    if (ours && ours.hash !== seal.blockHash) {
      this.#disputed.add(seal.height);
      this.#outbox.log('error', 'SEAL_CONTRADICTS', { height: seal.height, validator: seal.validatorIndex });
    }
  }

  #certify(certificate: Certificate): void {
    if (certificate.height <= this.#ledger.finalHeight) return;
    const sealed = headerAt(this.#ledger, certificate.height);
    if (sealed === undefined) return;
    if (sealed.hash !== certificate.blockHash) return this.diverged(sealed, certificate.blockHash);
    this.#ledger.certify(certificate);
    this.#book.forget(certificate.height);
    this.#book.forgetBelow(certificate.height - SEALS_AHEAD_MAX);
    for (const at of this.#early.keys()) if (at <= certificate.height) this.#early.delete(at);
    for (const at of this.#disputed) if (at <= certificate.height) this.#disputed.delete(at);
    this.#events.certified(certificate, sealed);
  }

  /**
   * A block below the final height can still get a certificate of its own: block sync goes from one to the next, and
   * must not find long stretches without any.
   */
  #complete(certificate: Certificate): void {
    const ours = headerAt(this.#ledger, certificate.height);
    if (ours?.hash !== certificate.blockHash || !this.#lacksCertificate(certificate.height)) return;
    this.#ledger.certify(certificate);
    this.#book.forget(certificate.height);
  }

  #lacksCertificate(height: number): boolean {
    const { finalHeight } = this.#ledger;
    return (
      height > finalHeight - SEALS_AHEAD_MAX && unlessDamaged(() => certificateAt(this.#ledger, height)) === undefined
    );
  }

  /** The cluster certified another block than this validator executed: it stops rather than serve a fork. */
  diverged(ours: SealedHeader, certified: BlockHash): void {
    const quorum = quorumSize(this.#validators.length, faultModelOf(this.#ruled.configuration.protocol));
    this.#outbox.halt(
      'STATE_DIVERGED',
      `at height ${ours.header.height} this node executed block ${ours.hash}, but ${quorum} validators certified ${certified}`,
    );
  }

  #keepEvidence(first: Seal, second: Seal): void {
    const validator = this.#validators[first.validatorIndex];
    if (validator === undefined) return;
    const { chainId } = this.#ledger;
    const configurationHash = this.#ruled.hash;
    const statement = (seal: Seal): SignedBytes => ({
      bytes: sealSignBytes(chainId, configurationHash, seal.height, seal.blockHash),
      signature: seal.signature,
    });
    this.#evidence.found(validator, configurationHash, statement(first), statement(second));
  }
}
