import type { Admission } from '@varve/validator';
import type { EventLoop } from './event-loop.ts';
import { SIGNATURES_PER_TURN } from './verifier.ts';

/** Whoever handed transactions in, and where they stand in their group. */
interface Member {
  readonly start: number;
  readonly end: number;
  readonly resolve: (admissions: readonly Admission[]) => void;
  readonly reject: (error: Error) => void;
}

interface Group {
  readonly request: number;
  readonly transactions: Uint8Array[];
  readonly members: Member[];
}

/**
 * What clients hand in, many of them in one turn, each little: all of it is one event for the validator, so that it is
 * judged, verified and sent to peers as one. A group is no larger than what is verified at once: nobody waits longer
 * for the company.
 */
export class Submissions {
  readonly #deliver: EventLoop['deliver'];
  readonly #nextRequest: () => number;
  readonly #unanswered = new Map<number, Group>();
  #open: Group | undefined;

  /** @param nextRequest - A number that no other question to the validator has. */
  constructor(deliver: EventLoop['deliver'], nextRequest: () => number) {
    this.#deliver = deliver;
    this.#nextRequest = nextRequest;
  }

  /** Resolves with an admission for each of `transactions`. */
  add(transactions: readonly Uint8Array[]): Promise<readonly Admission[]> {
    return new Promise((resolve, reject) => {
      const group = this.#groupFor(transactions.length);
      const start = group.transactions.length;
      for (const transaction of transactions) group.transactions.push(transaction);
      group.members.push({ start, end: group.transactions.length, resolve, reject });
    });
  }

  /** The validator has judged a group. */
  answered(request: number, admissions: readonly Admission[]): void {
    const members = this.#unanswered.get(request)?.members ?? [];
    this.#unanswered.delete(request);
    for (const { start, end, resolve } of members) resolve(admissions.slice(start, end));
  }

  /** Nobody is answered any more. */
  fail(error: () => Error): void {
    for (const { members } of this.#unanswered.values()) for (const { reject } of members) reject(error());
    this.#unanswered.clear();
    this.#open = undefined;
  }

  #groupFor(count: number): Group {
    const open = this.#open;
    if (open !== undefined && open.transactions.length + count <= SIGNATURES_PER_TURN) return open;
    const group: Group = { request: this.#nextRequest(), transactions: [], members: [] };
    this.#open = group;
    this.#unanswered.set(group.request, group);
    this.#deliver(() => {
      if (this.#open === group) this.#open = undefined;
      return { kind: 'submit', request: group.request, transactions: group.transactions };
    });
    return group;
  }
}
