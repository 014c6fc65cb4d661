import type { Transaction } from '@varve/ledger';
import { problemError, VarveError } from './errors.ts';
import {
  type Asked,
  BATCH_BYTES_MAX,
  BATCH_TRANSACTIONS_MAX,
  type Result,
  resultOfFailure,
  sendMany,
  sendOne,
} from './submit-request.ts';
import type { Transport } from './transport.ts';

/** Waits that differ by no more are one: the same call made twice in a turn sees two times. Milliseconds. */
const TIMEOUT_TOLERANCE_MS = 10;
/** What a node says of a whole sequence where one of its items is at fault: each is then sent alone. */
const SEQUENCE_CODES: readonly string[] = ['SEQUENCE_MALFORMED', 'TRANSACTIONS_TOO_MANY', 'BODY_TOO_LARGE'];

interface Member {
  readonly transaction: Transaction;
  readonly asked: Asked;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  isGone: boolean;
}

interface Group {
  readonly wait: Asked['wait'];
  /** Of the first member: others join when theirs is about the same. */
  readonly timeoutFirst: number;
  timeout: number;
  bytes: number;
  readonly members: Member[];
}

/**
 * Transactions that are sent to one node in the same turn, and wait for the same, share a request. Each caller has a
 * result or an error of its own, as if it had sent alone; but all are answered together, when the last of them is settled.
 */
export class SharedRequests {
  readonly #transport: Transport;
  #groups: Group[] = [];

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** As `sendOne`; leaves with the others of this turn. */
  send(transaction: Transaction, asked: Asked): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { signal } = asked;
      if (signal?.aborted) return reject(signal.reason);
      const member: Member = { transaction, asked, resolve, reject, isGone: false };
      this.#join(member);
    });
  }

  #join(member: Member): void {
    const { asked, transaction } = member;
    const size = transaction.bytes.length;
    let group = this.#groups.find(
      ({ wait, timeoutFirst, bytes, members }) =>
        wait === asked.wait &&
        Math.abs(timeoutFirst - asked.timeout) <= TIMEOUT_TOLERANCE_MS &&
        members.length < BATCH_TRANSACTIONS_MAX &&
        bytes + size <= BATCH_BYTES_MAX,
    );
    if (group === undefined) {
      group = { wait: asked.wait, timeoutFirst: asked.timeout, timeout: asked.timeout, bytes: 0, members: [] };
      this.#groups.push(group);
      if (this.#groups.length === 1) atEndOfTurn(() => this.#leave());
    }
    group.timeout = Math.max(group.timeout, asked.timeout);
    group.bytes += size;
    group.members.push(member);
  }

  #leave(): void {
    const groups = this.#groups;
    this.#groups = [];
    for (const group of groups) void this.#send(group);
  }

  async #send({ wait, timeout, members }: Group): Promise<void> {
    const present = members.filter(({ asked }) => asked.signal?.aborted !== true);
    for (const member of members) if (!present.includes(member)) member.reject(member.asked.signal?.reason);
    const [only] = present;
    if (only === undefined) return;
    if (present.length === 1) return this.#sendAlone(only);
    const watch = watchAborts(present);
    try {
      const transactions = present.map(({ transaction }) => transaction);
      const results = await sendMany(this.#transport, transactions, { wait, timeout, signal: watch.allGone });
      if (isMatching(present, results)) present.forEach((member, i) => void settle(member, results[i] as Result));
      else for (const member of present) void this.#sendAlone(member);
    } catch (error) {
      const isOfSequence = error instanceof VarveError && SEQUENCE_CODES.includes(error.code);
      for (const member of present) {
        if (isOfSequence) void this.#sendAlone(member);
        else fail(member, error);
      }
    } finally {
      watch.stop();
    }
  }

  async #sendAlone({ transaction, asked, resolve, reject, isGone }: Member): Promise<void> {
    if (!isGone) await sendOne(this.#transport, transaction, asked).then(resolve, reject);
  }
}

/** Rejects each member whose signal fires; `allGone` fires when nobody is left. */
function watchAborts(members: readonly Member[]): { readonly allGone: AbortSignal; stop(): void } {
  const allGone = new AbortController();
  const stops = members.map((member) => {
    const { signal } = member.asked;
    const leave = (): void => {
      member.isGone = true;
      member.reject(signal?.reason);
      if (members.every(({ isGone }) => isGone)) allGone.abort();
    };
    signal?.addEventListener('abort', leave, { once: true });
    return () => signal?.removeEventListener('abort', leave);
  });
  return {
    allGone: allGone.signal,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

/** Whether there is a result for each, in order: bytes that are no single transaction would shift them. */
function isMatching(members: readonly Member[], results: readonly Result[]): boolean {
  return (
    results.length === members.length &&
    results.every(({ transactionId }, i) => transactionId === null || transactionId === members[i]?.transaction.id)
  );
}

/** A refusal is told as it would have been to the transaction alone. */
function settle(member: Member, result: Result): void {
  if (result.status === 'refused') fail(member, problemError(result.problem));
  else member.resolve(result);
}

function fail({ transaction, resolve, reject }: Member, error: unknown): void {
  try {
    resolve(resultOfFailure(transaction, error));
  } catch (reason) {
    reject(reason);
  }
}

/** After what is ready to run now; browsers have no `setImmediate`. */
function atEndOfTurn(then: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (then: () => void) => unknown };
  if (setImmediate) setImmediate(then);
  else setTimeout(then, 0);
}
