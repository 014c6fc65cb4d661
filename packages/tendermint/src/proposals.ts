import type { Epoch } from '@varve/consensus';
import type { NodeId, PayloadId } from '@varve/encoding';
import type { Proposal } from './message.ts';

/** Rounds before the present one whose proposals are kept. */
export const PROPOSALS_BEHIND_MAX = 8;

/** What the host said of a payload. */
export type Verdict = 'unasked' | 'asked' | 'valid' | 'invalid';

/** A proposal and what is known of it. */
export interface Proposed {
  readonly proposal: Proposal;
  readonly signature: Uint8Array;
  verdict: Verdict;
  /** The host was asked for the rules alone, without the bound on clocks. */
  isSettled: boolean;
}

/** Whether two proposals are for the same payload of the same epoch. */
export function isSamePayload(a: { epoch: Epoch; id: PayloadId }, b: { epoch: Epoch; id: PayloadId }): boolean {
  return a.id === b.id && a.epoch.number === b.epoch.number && a.epoch.node === b.epoch.node;
}

/**
 * The proposals of one height: the first of each round, for the next round, the present one and
 * `PROPOSALS_BEHIND_MAX` before it, and of each proposer the one of its highest round beyond that.
 */
export class ProposalBook {
  #round = 0;
  readonly #rounds = new Map<number, Proposed>();
  readonly #ahead = new Map<NodeId, Proposed>();

  /** @returns The proposal that stands, if another came first. */
  add(proposal: Proposal, signature: Uint8Array): Proposed | undefined {
    const { round, voter } = proposal;
    if (round < this.#round - PROPOSALS_BEHIND_MAX) return undefined;
    const held = round > this.#round + 1 ? this.#ahead.get(voter) : this.#rounds.get(round);
    if (held && held.proposal.round >= round) return held.proposal.round === round ? held : undefined;
    const twin = this.find(proposal.payload.id, proposal.epoch);
    const proposed: Proposed = {
      proposal,
      signature,
      verdict: twin?.verdict ?? 'unasked',
      isSettled: twin?.isSettled ?? false,
    };
    if (round > this.#round + 1) this.#ahead.set(voter, proposed);
    else this.#rounds.set(round, proposed);
    return undefined;
  }

  at(round: number): Proposed | undefined {
    return this.#rounds.get(round);
  }

  /** A proposal of `id`, with `epoch` if given. One that is valid comes first. */
  find(id: PayloadId, epoch?: Epoch): Proposed | undefined {
    let found: Proposed | undefined;
    for (const proposed of this.all()) {
      const { payload, epoch: its } = proposed.proposal;
      if (payload.id !== id || (epoch && (its.number !== epoch.number || its.node !== epoch.node))) continue;
      if (proposed.verdict === 'valid') return proposed;
      found ??= proposed;
    }
    return found;
  }

  /** Every proposal held for the next round or before. */
  all(): Iterable<Proposed> {
    return this.#rounds.values();
  }

  get isEmpty(): boolean {
    return this.#rounds.size === 0;
  }

  /** Payload bytes held, for tests of the bounds. */
  get bytes(): number {
    let bytes = 0;
    for (const { proposal } of [...this.#rounds.values(), ...this.#ahead.values()])
      bytes += proposal.payload.bytes.length;
    return bytes;
  }

  /** Moves on to `round`. */
  enter(round: number): void {
    this.#round = round;
    for (const old of this.#rounds.keys()) if (old < round - PROPOSALS_BEHIND_MAX) this.#rounds.delete(old);
    for (const [voter, proposed] of this.#ahead) {
      if (proposed.proposal.round > round + 1) continue;
      this.#ahead.delete(voter);
      if (!this.#rounds.has(proposed.proposal.round)) this.#rounds.set(proposed.proposal.round, proposed);
    }
  }
}
