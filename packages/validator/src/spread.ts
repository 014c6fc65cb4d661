import type { Status } from '@varve/consensus';
import { fromHex, type PublicKeyHex, type TransactionId, toHex } from '@varve/encoding';
import type { Transaction } from '@varve/ledger';
import type { Ledger } from '@varve/ledger/chain';
import {
  OFFER_AGAIN_MS,
  OFFER_LOOK_UPS_MAX,
  TRANSACTIONS_MESSAGE_BYTES_MAX,
  TRANSACTIONS_PER_MESSAGE_MAX,
} from './limits.ts';
import type { Outbox } from './outbox.ts';
import { encodePackets } from './packet.ts';
import type { Peers } from './peers.ts';
import type { Pool } from './pool.ts';

/** Hands transactions of this node's clients to every validator, and asks again for those that nobody orders. */
export class Spread {
  readonly #pool: Pool;
  readonly #ledger: Ledger;
  readonly #peers: Peers;
  readonly #outbox: Outbox;
  readonly #gossips: () => boolean;
  #fresh: Uint8Array[] = [];
  #nextOfferAt = 0;

  /** @param gossips - Observers also gossip: they may be connected to no validator. */
  constructor(pool: Pool, ledger: Ledger, peers: Peers, outbox: Outbox, gossips: () => boolean) {
    this.#gossips = gossips;
    this.#pool = pool;
    this.#ledger = ledger;
    this.#peers = peers;
    this.#outbox = outbox;
  }

  /** A client's transaction entered the pool. */
  admitted(transaction: Transaction): void {
    this.#fresh.push(transaction.bytes);
  }

  /** Sends what was admitted in this step. */
  flush(): void {
    if (this.#fresh.length === 0) return;
    const chunks = chunked(this.#fresh);
    this.#fresh = [];
    for (const transactions of this.#gossips() ? chunks : []) {
      for (const bytes of encodePackets([{ kind: 'transactions', transactions }]))
        this.#outbox.publish('transactions', bytes);
    }
    for (const peer of this.#peers.members()) {
      for (const transactions of chunks) this.#outbox.send(peer.networkKey, { kind: 'transactions', transactions });
    }
  }

  /**
   * Names transactions that have waited long to whoever leads, or to everybody.
   * @param status - Of the engine, where there is one; rarely asked.
   */
  tick(status: () => Status | undefined, now: number): void {
    if (this.#pool.unproposed === 0) return;
    if (now < this.#nextOfferAt) return this.#outbox.wake(this.#nextOfferAt);
    this.#nextOfferAt = now + OFFER_AGAIN_MS;
    this.#outbox.wake(this.#nextOfferAt);
    const { role, leader } = status() ?? {};
    if (role === 'leader') return;
    const ids: Uint8Array[] = [];
    for (const waiting of this.#pool.candidates()) {
      if (ids.length === TRANSACTIONS_PER_MESSAGE_MAX || now - waiting.since < OFFER_AGAIN_MS) break;
      if (waiting.own) ids.push(fromHex(waiting.transaction.id));
    }
    if (ids.length === 0) return;
    for (const peer of this.#peers.members()) {
      if (leader === undefined || peer.member.name === leader)
        this.#outbox.send(peer.networkKey, { kind: 'offer', ids });
    }
  }

  /** Answers an offer with ids that are not known here; those left out are offered again. */
  offered(from: PublicKeyHex, ids: readonly Uint8Array[]): void {
    // What is still offered can stand in no block that is older than this allows.
    const validUntil = this.#ledger.tip.header.time;
    let lookUps = 0;
    const wanted = ids.filter((bytes) => {
      const id = toHex(bytes) as TransactionId;
      if (this.#pool.get(id)) return false;
      if (!this.#ledger.mayHold({ id, validUntil })) return true;
      lookUps += 1;
      return lookUps <= OFFER_LOOK_UPS_MAX && this.#ledger.place(id) === undefined;
    });
    if (wanted.length > 0) this.#outbox.send(from, { kind: 'wanted', ids: wanted });
  }

  /** Sends the transactions that a peer asked for. */
  wanted(from: PublicKeyHex, ids: readonly Uint8Array[]): void {
    const found = ids.flatMap((bytes) => {
      const waiting = this.#pool.get(toHex(bytes) as TransactionId);
      return waiting ? [waiting.transaction.bytes] : [];
    });
    for (const transactions of chunked(found)) this.#outbox.send(from, { kind: 'transactions', transactions });
  }
}

function chunked(transactions: readonly Uint8Array[]): Uint8Array[][] {
  const chunks: Uint8Array[][] = [];
  let chunk: Uint8Array[] = [];
  let bytes = 0;
  for (const transaction of transactions) {
    const isFull =
      chunk.length === TRANSACTIONS_PER_MESSAGE_MAX || bytes + transaction.length > TRANSACTIONS_MESSAGE_BYTES_MAX;
    if (chunk.length > 0 && isFull) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(transaction);
    bytes += transaction.length;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
