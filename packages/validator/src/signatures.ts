import type { VerdictCache } from '@varve/crypto';
import type { PayloadId } from '@varve/encoding';
import type { Transaction } from '@varve/ledger';
import { OPENED_PAYLOADS_BYTES_MAX } from './limits.ts';
import { type OpenedPayload, OpenedPayloads } from './opened-payloads.ts';
import type { Outbox } from './outbox.ts';
import type { Pool } from './pool.ts';
import { VerdictsUnderway } from './verdicts-underway.ts';

/** The one signature rule (ZIP-215): injected, since simulations use a cheaper stand-in. */
export type SignatureRule = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/**
 * Has the transactions of payloads verified as soon as they arrive, so that execution finds every verdict. A verdict
 * that was forgotten since is found again on the spot: what is executed never depends on a cache.
 */
export class PayloadVerifier {
  /** Whatever was prepared and not yet executed. */
  readonly opened: OpenedPayloads;
  /** What is being judged, here or at admission. */
  readonly verdictsUnderway: VerdictsUnderway;
  readonly verdicts: VerdictCache;
  readonly #pool: Pick<Pool, 'holds' | 'salt'>;
  readonly #rule: SignatureRule;
  readonly #outbox: Outbox;
  readonly #jobs = new Map<number, { readonly payload: PayloadId; readonly hashes: readonly string[] }>();
  /** What each payload waits for: a job of its own, and verdicts that others are finding. */
  readonly #underway = new Map<PayloadId, number>();

  /** @param pool - What it holds is signed. */
  constructor(pool: Pick<Pool, 'holds' | 'salt'>, verdicts: VerdictCache, rule: SignatureRule, outbox: Outbox) {
    this.#pool = pool;
    this.opened = new OpenedPayloads(OPENED_PAYLOADS_BYTES_MAX, pool.salt);
    this.verdictsUnderway = new VerdictsUnderway(pool.salt);
    this.verdicts = verdicts;
    this.#rule = rule;
    this.#outbox = outbox;
  }

  /** Starts on a payload, unless all its verdicts are known or it is under way. */
  prepare(payload: PayloadId, bytes: Uint8Array): void {
    if (this.#underway.has(payload)) return;
    const hashes: string[] = [];
    const items = [];
    let awaited = 0;
    const settled = (): void => this.#settled(payload);
    for (const transaction of this.opened.open(payload, bytes)?.decoded ?? []) {
      if (transaction === undefined) continue;
      if (this.#known(transaction) !== undefined) continue;
      const hash = transaction.hashHex;
      if (this.verdictsUnderway.wait(hash, settled)) {
        awaited += 1;
        continue;
      }
      this.verdictsUnderway.begin(hash);
      hashes.push(hash);
      items.push({
        publicKey: transaction.publicKey,
        message: transaction.signedBytes,
        signature: transaction.signature,
        strict: false,
      });
    }
    const waits = awaited + (items.length > 0 ? 1 : 0);
    if (waits > 0) this.#underway.set(payload, waits);
    if (items.length === 0) return;
    const job = this.#outbox.nextJob();
    this.#jobs.set(job, { payload, hashes });
    this.#outbox.verify(job, items);
  }

  /** Whether `job` is one of these; then its verdicts are kept. */
  verified(job: number, verdicts: readonly boolean[]): boolean {
    const known = this.#jobs.get(job);
    if (known === undefined) return false;
    this.#jobs.delete(job);
    this.#settled(known.payload);
    known.hashes.forEach((hash, i) => {
      const verdict = verdicts[i];
      if (verdict !== undefined) this.verdicts.set(hash, verdict);
      this.verdictsUnderway.end(hash);
    });
    return true;
  }

  #settled(payload: PayloadId): void {
    const left = (this.#underway.get(payload) ?? 1) - 1;
    if (left > 0) this.#underway.set(payload, left);
    else this.#underway.delete(payload);
  }

  /** The payload was executed: neither it nor its verdicts are needed again, as a rule. */
  executed(payload: PayloadId, decoded: OpenedPayload['decoded']): void {
    this.opened.forget(payload);
    if (this.verdicts.size === 0) return;
    for (const transaction of decoded) if (transaction) this.verdicts.delete(transaction.hashHex);
  }

  /** Whether verdicts on this payload are still being found. */
  isUnderway(payload: PayloadId): boolean {
    return this.#underway.has(payload);
  }

  /** Whether no rule of ours accepts a signature: whoever sends such a transaction lies, or lets others lie to it. */
  isForged({ publicKey, signedBytes, signature }: Transaction): boolean {
    return !this.#rule(publicKey, signedBytes, signature);
  }

  /** The verdict on one transaction. */
  isSigned(transaction: Transaction): boolean {
    const known = this.#known(transaction);
    if (known !== undefined) return known;
    const verdict = this.#rule(transaction.publicKey, transaction.signedBytes, transaction.signature);
    this.verdicts.set(transaction.hashHex, verdict);
    return verdict;
  }

  /** The verdict that was found before. */
  #known(transaction: Transaction): boolean | undefined {
    return this.#pool.holds(transaction) || this.verdicts.get(transaction.hashHex);
  }
}
