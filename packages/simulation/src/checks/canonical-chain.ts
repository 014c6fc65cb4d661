import { type BlockHash, bytesEqual, toHex } from '@varve/encoding';
import type { Certificate, SealedHeader } from '@varve/ledger';
import { certificateAt, headerAt, type Ledger, RecordDamaged, transactionsAt } from '@varve/ledger/chain';
import type { SignatureRule } from '@varve/validator';
import type { Model, PathWrite, Request } from '../clients/model.ts';
import type { Position } from '../history/history.ts';
import type { SimulatedNode } from '../world/node.ts';
import { certificateFault } from './certificate-fault.ts';
import type { Report } from './violation.ts';

/** How far a block's time may be ahead: what clocks may differ, and a little for the way. Milliseconds. */
const BLOCK_AHEAD_MS_MAX = 2500;

/** Besides that of the final height the state is looked at so many blocks below. */
const EARLIER_STATE = 8;

/** What was submitted under a transaction's id. */
export interface Submitted {
  readonly account: string;
  readonly requests: readonly Request[];
  readonly bytes: Uint8Array;
}

/** A transaction at its place, with what it did. */
export interface ChainTransaction {
  readonly position: Position;
  readonly transaction: string;
  readonly outcome: string;
  readonly writes: readonly PathWrite[];
}

/**
 * The one chain, as whoever came first to a height told it. Every other node must tell the same: one block hash per
 * height and so one state, history and transactions root, since the header holds them; each transaction at most once;
 * every outcome as the model has it; one certified hash per height; and trees of the state that have the roots of its blocks.
 */
export class CanonicalChain {
  /** Block hashes by height, from 1; the block at 0 follows from the genesis. */
  readonly #hashes = new Map<number, BlockHash>();
  readonly #stateRoots = new Map<number, Uint8Array>();
  readonly #positions = new Map<string, Position>();
  readonly #submitted: ReadonlyMap<string, Submitted>;
  readonly #model: Model;
  readonly #wallNow: () => number;
  readonly #isSigned: SignatureRule;
  readonly #report: Report;
  readonly transactions: ChainTransaction[] = [];
  #height = 0;
  #finalHeight = 0;
  #time = 0;

  /**
   * @param wallNow - The true wall clock, whatever those of nodes say.
   * @param isSigned - How seals and transactions are signed.
   */
  constructor(
    submitted: ReadonlyMap<string, Submitted>,
    model: Model,
    wallNow: () => number,
    isSigned: SignatureRule,
    report: Report,
  ) {
    this.#wallNow = wallNow;
    this.#isSigned = isSigned;
    this.#submitted = submitted;
    this.#model = model;
    this.#report = report;
  }

  get height(): number {
    return this.#height;
  }

  /** The highest block that some node holds a certificate for. */
  get finalHeight(): number {
    return this.#finalHeight;
  }

  hashAt(at: number): BlockHash | undefined {
    return this.#hashes.get(at);
  }

  positionOf(transaction: string): Position | undefined {
    return this.#positions.get(transaction);
  }

  /** `node` has the block `hash` at `height`, durably. */
  committed(node: SimulatedNode, height: number, hash: BlockHash): void {
    const known = this.#hashes.get(height);
    if (known !== undefined && known !== hash) {
      return this.#report('one block per height', `${node.name} has ${hash} at height ${height}, others ${known}`);
    }
    const ledger = node.validator?.ledger;
    if (ledger === undefined) return;
    try {
      for (let at = this.#height + 1; at <= height; at++) this.#extend(node.name, ledger, at);
    } catch (error) {
      // Its record rotted as soon as it was written: others tell the rest.
      if (!(error instanceof RecordDamaged && node.isDamaged)) throw error;
    }
  }

  /** `node` holds a certificate for `height`. */
  certified(node: SimulatedNode, height: number): void {
    const ledger = node.validator?.ledger;
    let certificate: Certificate | undefined;
    let sealed: SealedHeader | undefined;
    try {
      certificate = ledger && certificateAt(ledger, height);
      sealed = ledger && headerAt(ledger, height);
    } catch (error) {
      if (error instanceof RecordDamaged && node.isDamaged) return;
      throw error;
    }
    if (ledger === undefined || sealed === undefined || certificate === undefined) {
      return this.#report('a certificate for the final height', `${node.name} has none for ${height}`);
    }
    const configuration = this.#model.configurations.withHash(sealed.header.configurationHash);
    const fault = configuration
      ? certificateFault(certificate, sealed, configuration, ledger.chainId, this.#isSigned)
      : `is under configuration ${sealed.header.configurationHash}, which nobody proposed`;
    if (fault !== undefined) {
      this.#report('a certificate is signed by a quorum', `that of ${node.name} for ${height} ${fault}`);
    }
    this.#finalHeight = Math.max(this.#finalHeight, height);
    for (const at of [height, height - EARLIER_STATE]) this.#checkState(node.name, ledger, at);
    const known = this.#hashes.get(height);
    if (known !== undefined && known !== certificate.blockHash) {
      this.#report(
        'one certified hash per height',
        `${node.name}: ${certificate.blockHash} at ${height}, not ${known}`,
      );
    }
  }

  /** `node` holds all of the chain, whatever was lost and fetched again. */
  walk(node: SimulatedNode): void {
    const ledger = node.validator?.ledger;
    for (let at = 1; ledger && at <= ledger.tip.header.height; at++) {
      try {
        const hash = headerAt(ledger, at)?.hash;
        if (hash !== this.#hashes.get(at)) {
          return this.#report(
            'one block per height',
            `${node.name} ends with ${hash} at ${at}, not ${this.#hashes.get(at)}`,
          );
        }
      } catch (error) {
        // A record that rotted and that nobody has read since: whoever reads it hears of it.
        if (!(error instanceof RecordDamaged && node.isDamaged)) throw error;
      }
    }
  }

  /** Whoever asks for a proof at a height gets it from the tree of that height. */
  #checkState(name: string, ledger: Ledger, at: number): void {
    const root = ledger.treeAt(at)?.root;
    const expected = this.#stateRoots.get(at);
    if (root === undefined || expected === undefined || bytesEqual(root, expected)) return;
    this.#report('the state tree of a height has its root', `${name}: ${toHex(root)} at ${at}, not ${toHex(expected)}`);
  }

  #extend(name: string, ledger: Ledger, at: number): void {
    const sealed = headerAt(ledger, at);
    if (sealed === undefined) return this.#report('contiguous heights', `${name} has no block ${at}`);
    const parent = this.#hashes.get(at - 1);
    if (parent !== undefined && sealed.header.parentHash !== parent) {
      this.#report('hash-linked blocks', `block ${at} of ${name} is no child of block ${at - 1}`);
    }
    const views = transactionsAt(ledger, at);
    this.#checkTime(at, sealed.header.time);
    this.#height = at;
    this.#hashes.set(at, sealed.hash);
    this.#stateRoots.set(at, sealed.header.stateRoot);
    for (const { transaction, leafIndex, outcome } of views) {
      if (!this.#isSigned(transaction.publicKey, transaction.signedBytes, transaction.signature))
        this.#report('every transaction is signed', `${transaction.id} at ${at}/${leafIndex} of ${name}`);
      this.#append(transaction.id, { height: at, leafIndex }, outcome.code);
    }
  }

  /** Block time never falls, and a minority of wrong clocks does not lead it away. */
  #checkTime(at: number, time: number): void {
    if (time < this.#time) this.#report('block time never falls', `block ${at} has ${time} after ${this.#time}`);
    const ahead = time - this.#wallNow();
    if (ahead > BLOCK_AHEAD_MS_MAX) this.#report('block time near real time', `block ${at} is ${ahead} ms ahead`);
    this.#time = time;
  }

  #append(transaction: string, position: Position, outcome: string): void {
    const place = `${position.height}/${position.leafIndex}`;
    const earlier = this.#positions.get(transaction);
    if (earlier) {
      this.#report('each transaction once', `${transaction} at ${earlier.height}/${earlier.leafIndex} and ${place}`);
    }
    this.#positions.set(transaction, position);
    const submitted = this.#submitted.get(transaction);
    if (submitted === undefined) return this.#report('only what was submitted', `${transaction} at ${place}`);
    const { code, writes } = this.#model.apply(submitted.account, submitted.requests, position.height);
    if (code !== outcome) {
      const asked = JSON.stringify(submitted.requests);
      this.#report('outcomes as the model has them', `${place}: ${outcome} for ${asked}, the model says ${code}`);
    }
    this.transactions.push({ position, transaction, outcome, writes });
  }
}
