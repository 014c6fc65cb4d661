import type { VerdictCache } from '@varve/crypto';
import { bytesEqual, IdMap, type PublicKeyHex, SharedMemory, type TransactionId } from '@varve/encoding';
import { decodeTransaction, LedgerError, type SealedHeader, type Transaction } from '@varve/ledger';
import { type ExecutionEnvironment, type Ledger, skipCode, transactionHashOf } from '@varve/ledger/chain';
import type { Admission, Instant, Retry } from './events.ts';
import type { Outbox } from './outbox.ts';
import type { Pool } from './pool.ts';
import type { PayloadVerifier } from './signatures.ts';
import type { VerdictsUnderway } from './verdicts-underway.ts';

/** A transaction that stays keeps so much of those that came with it. */
const SHARED_BYTES = 2048;

/** Judging a bad signature alone by the laxer rule takes some 2 ms, and a message may hold a thousand. */
const DOUBTS_MAX = 4;

/** Where transactions came from, and whom to tell. */
interface Arrival {
  readonly request: number | undefined;
  /** Who is to blame for a bad signature; nobody where transactions were gossiped. */
  readonly peer: PublicKeyHex | undefined;
  readonly admissions: (Admission | undefined)[];
  left: number;
  /** How many more bad signatures are judged by the laxer rule before the sender is believed. */
  doubts: number;
}

/** A transaction whose signature is being judged, and its place among those that came with it. */
interface Verifying {
  readonly arrival: Arrival;
  readonly position: number;
  readonly transaction: Transaction;
}

/** The rules that a block on `tip` has, but for signatures. */
interface Surroundings {
  readonly tip: SealedHeader;
  readonly environment: ExecutionEnvironment;
}

/** Something admission found out. */
export interface AdmissionEvents {
  /** A transaction is in the pool; `own` where a client of this node brought it. */
  admitted(transaction: Transaction, own: boolean): void;
}

/**
 * How many of those that are expired or seem to be executed already are looked up in a second: each may cost some
 * milliseconds, and whoever sends them need not have signed anything.
 */
export const LOOK_UPS_PER_SECOND = 256;

const RETRY: Readonly<Record<string, Retry>> = {
  POOL_FULL: 'later',
  TRANSACTION_CONFLICT: 'later',
  LOOK_UPS_SPENT: 'later',
};
const DETAIL: Readonly<Record<string, string>> = {
  TRANSACTION_TOO_LARGE: 'larger, or with more operations, than the configuration allows',
  CHAIN_MISMATCH: 'signed for another chain',
  TRANSACTION_EXPIRED: 'validUntil lies before the present block time',
  VALIDITY_TOO_LONG: 'validUntil lies too far ahead of the present block time',
  KEY_INACTIVE: 'the key is not active for the account, or the account is unknown',
  SIGNATURE_INVALID: 'the signature is not that of the key over these bytes',
  POOL_FULL: 'too many transactions wait; try again in a moment',
  LOOK_UPS_SPENT: 'too many executed or expired transactions arrive; try again in a moment',
  TRANSACTION_CONFLICT: 'a transaction with this id and other bytes is known',
};

/** Judges transactions before they enter the pool: everything execution would skip is refused here, with the same code. */
export class AdmissionDesk {
  readonly #ledger: Ledger;
  readonly #pool: Pool;
  readonly #verifier: PayloadVerifier;
  readonly #verdicts: VerdictCache;
  readonly #outbox: Outbox;
  readonly #events: AdmissionEvents;
  readonly #jobs = new Map<number, readonly Verifying[]>();
  readonly #verifying: IdMap<TransactionId, Transaction>;
  readonly #underway: VerdictsUnderway;
  /** Those that arrive together mostly leave together. */
  readonly #memory = new SharedMemory(SHARED_BYTES);
  #verifyingBytes = 0;
  #lookUps = 0;
  #lookUpsSince = Number.NEGATIVE_INFINITY;
  #surroundings: Surroundings;

  /** @param verifier - Whose verdicts serve here; what is found here serves it through the pool. */
  constructor(ledger: Ledger, pool: Pool, verifier: PayloadVerifier, outbox: Outbox, events: AdmissionEvents) {
    this.#verifier = verifier;
    this.#verdicts = verifier.verdicts;
    this.#underway = verifier.verdictsUnderway;
    this.#ledger = ledger;
    this.#pool = pool;
    this.#verifying = new IdMap(pool.salt);
    this.#outbox = outbox;
    this.#events = events;
    this.#surroundings = surroundingsOf(ledger);
  }

  /** Transactions of a client; the answer follows once each is judged. */
  submit(request: number, transactions: readonly Uint8Array[], now: Instant): void {
    this.#judge(arrivalOf(request, undefined, transactions), transactions, now);
  }

  /** Transactions of a peer, which has verified them before sending, or of gossip, whose relays have not. */
  receive(peer: PublicKeyHex | undefined, transactions: readonly Uint8Array[], now: Instant): void {
    this.#judge(arrivalOf(undefined, peer, transactions), transactions, now);
  }

  /** Whether `job` is one of admission's; then its verdicts are taken. */
  verified(job: number, verdicts: readonly boolean[], now: Instant): boolean {
    const items = this.#jobs.get(job);
    if (items === undefined) return false;
    this.#jobs.delete(job);
    const done = new Set<Arrival>();
    items.forEach((item, i) => {
      this.#judged(item, verdicts[i] === true, now);
      this.#underway.end(item.transaction.hashHex);
      done.add(item.arrival);
    });
    for (const arrival of done) this.#answer(arrival);
    return true;
  }

  /** The verdict that a payload needed is here. */
  #judgedElsewhere(item: Verifying, now: Instant): void {
    this.#judged(item, this.#verdicts.get(item.transaction.hashHex) === true, now);
    this.#answer(item.arrival);
  }

  #judged({ arrival, position, transaction }: Verifying, signed: boolean, now: Instant): void {
    this.#verifying.delete(transaction.id);
    this.#verifyingBytes -= transaction.bytes.length;
    this.#settle(arrival, position, this.#decide(arrival, transaction, signed, now));
  }

  #judge(arrival: Arrival, transactions: readonly Uint8Array[], now: Instant): void {
    const toVerify: Verifying[] = [];
    for (const [position, bytes] of transactions.entries()) {
      // The pool outlives the packet or request the bytes came in.
      const own = this.#memory.copy(bytes);
      const judged = this.#examine(own, now);
      if ('admission' in judged) {
        this.#memory.takeBack(own);
        this.#settle(arrival, position, judged.admission);
        continue;
      }
      const { transaction } = judged;
      // A payload may have brought it first.
      if (this.#verdicts.get(transaction.hashHex) === true) {
        this.#settle(arrival, position, this.#decide(arrival, transaction, true, now));
        continue;
      }
      this.#verifying.set(transaction.id, transaction);
      this.#verifyingBytes += transaction.bytes.length;
      const item = { arrival, position, transaction };
      if (this.#underway.wait(transaction.hashHex, () => this.#judgedElsewhere(item, now))) continue;
      toVerify.push(item);
      this.#underway.begin(transaction.hashHex);
    }
    if (toVerify.length > 0) {
      const job = this.#outbox.nextJob();
      this.#jobs.set(job, toVerify);
      this.#outbox.verify(
        job,
        toVerify.map(({ transaction }) => ({
          publicKey: transaction.publicKey,
          message: transaction.signedBytes,
          signature: transaction.signature,
          strict: true,
        })),
      );
    }
    this.#answer(arrival);
  }

  /** Everything but the signature. */
  #examine(bytes: Uint8Array, now: Instant): { admission: Admission } | { transaction: Transaction } {
    let transaction: Transaction;
    try {
      transaction = decodeTransaction(bytes);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return { admission: refusal(undefined, 'TRANSACTION_MALFORMED', error.details.reason) };
    }
    const { id } = transaction;
    const waiting = this.#pool.get(id)?.transaction ?? this.#verifying.get(id);
    if (waiting) {
      const same = waiting.hashHex === transaction.hashHex;
      return { admission: same ? { admitted: true, id, known: true } : refusal(id, 'TRANSACTION_CONFLICT') };
    }
    const mayBeExecuted = this.#ledger.mayHold(transaction);
    if (mayBeExecuted && !this.#mayLookUp(transaction, now)) return { admission: refusal(id, 'LOOK_UPS_SPENT') };
    const executed = mayBeExecuted ? transactionHashOf(this.#ledger, id) : undefined;
    if (executed) {
      const same = bytesEqual(executed, transaction.hash);
      return { admission: same ? { admitted: true, id, known: true } : refusal(id, 'TRANSACTION_CONFLICT') };
    }
    const code = this.#skipCode(transaction, now);
    if (code !== undefined) return { admission: refusal(id, code) };
    if (this.#pool.isFull(transaction, this.#verifying.size, this.#verifyingBytes)) {
      return { admission: refusal(id, 'POOL_FULL') };
    }
    return { transaction };
  }

  /** What is neither expired nor like one executed is looked up in any case: after a start not all are remembered. */
  #mayLookUp({ id, validUntil }: Transaction, { monotonic }: Instant): boolean {
    if (validUntil >= this.#ledger.tip.header.time && !this.#ledger.remembers(id)) return true;
    if (monotonic - this.#lookUpsSince >= 1000) {
      this.#lookUpsSince = monotonic;
      this.#lookUps = 0;
    }
    this.#lookUps += 1;
    return this.#lookUps <= LOOK_UPS_PER_SECOND;
  }

  /** The rule by which a block of now would skip it, signatures aside. */
  #skipCode(transaction: Transaction, now: Instant): string | undefined {
    const { tip } = this.#ledger;
    if (this.#surroundings.tip !== tip) this.#surroundings = surroundingsOf(this.#ledger);
    const point = { height: tip.header.height, time: Math.max(now.wall, tip.header.time) };
    const judged = skipCode(transaction, point, this.#ledger, this.#surroundings.environment);
    return typeof judged === 'string' ? judged : undefined;
  }

  #decide(arrival: Arrival, transaction: Transaction, signed: boolean, now: Instant): Admission {
    const { id } = transaction;
    if (!signed) {
      this.#blame(arrival, transaction);
      return refusal(id, 'SIGNATURE_INVALID');
    }
    // It may have been executed while its signature was being judged.
    if (this.#ledger.mayHold(transaction) && this.#ledger.place(id) !== undefined)
      return { admitted: true, id, known: true };
    const own = arrival.request !== undefined;
    this.#pool.add(transaction, now.monotonic, own, this.#ledger.accountsVersion);
    this.#events.admitted(transaction, own);
    return { admitted: true, id, known: false };
  }

  /** The sender may have it from a payload, whose rule is laxer than admission's: that is no lie. */
  #blame(arrival: Arrival, transaction: Transaction): void {
    if (arrival.peer === undefined || arrival.doubts === 0) return;
    arrival.doubts -= 1;
    if (!this.#verifier.isForged(transaction)) return;
    arrival.doubts = 0;
    this.#outbox.misbehaved(arrival.peer, 'a transaction with a bad signature');
  }

  #settle(arrival: Arrival, position: number, admission: Admission): void {
    arrival.admissions[position] = admission;
    arrival.left -= 1;
  }

  #answer(arrival: Arrival): void {
    if (arrival.left > 0 || arrival.request === undefined) return;
    const admissions = arrival.admissions.filter((admission) => admission !== undefined);
    this.#outbox.answer({ kind: 'submitted', request: arrival.request, admissions });
  }
}

function arrivalOf(
  request: number | undefined,
  peer: PublicKeyHex | undefined,
  transactions: readonly Uint8Array[],
): Arrival {
  return { request, peer, admissions: [], left: transactions.length, doubts: DOUBTS_MAX };
}

function surroundingsOf(ledger: Ledger): Surroundings {
  return { tip: ledger.tip, environment: ledger.environment(() => true) };
}

function refusal(id: TransactionId | undefined, code: string, detail: string = DETAIL[code] ?? code): Admission {
  return { admitted: false, id, code, retry: RETRY[code] ?? 'never', detail };
}
