import type { NodeId, PayloadId } from '@varve/encoding';
import type { SignedVote, VoteKind } from './message.ts';

/** Rounds before the present one whose votes are kept. */
export const ROUNDS_BEHIND_MAX = 64;

interface RoundVotes {
  /** The first vote of each voter: the one that counts. */
  readonly prevote: Map<NodeId, SignedVote>;
  readonly precommit: Map<NodeId, SignedVote>;
  /** Quorums that arrived as a whole; they may hold second votes of equivocators (trap 43). */
  readonly certified: Map<string, ReadonlyMap<NodeId, SignedVote>>;
}

/** What rules ask about votes. */
export interface Tally {
  /** Whether a quorum voted for `id`; null: nil. */
  hasQuorum(kind: VoteKind, round: number, id: PayloadId | null): boolean;
  /** Whether a quorum voted for anything. */
  hasAny(kind: VoteKind, round: number): boolean;
}

/**
 * The votes of one height. Of each voter it keeps at most two a round, for the next round, the present one and
 * `ROUNDS_BEHIND_MAX` before it, and those of its highest round beyond that.
 */
export class VoteKeeper implements Tally {
  readonly #voters: readonly NodeId[];
  readonly #quorum: number;
  #round = 0;
  readonly #rounds = new Map<number, RoundVotes>();
  readonly #ahead = new Map<NodeId, SignedVote[]>();
  /** The highest round in which each voter said anything. */
  readonly #reached = new Map<NodeId, number>();

  /** @param voters - In name order. */
  constructor(voters: readonly NodeId[], quorum: number) {
    this.#voters = voters;
    this.#quorum = quorum;
  }

  /**
   * Counts a vote of a member, unless the voter already voted in that round.
   * @returns The counted vote that `vote` contradicts, if any.
   */
  add(vote: SignedVote): SignedVote | undefined {
    this.noteReached(vote.voter, vote.round);
    if (vote.round > this.#round + 1) return this.#addAhead(vote);
    if (vote.round < this.#round - ROUNDS_BEHIND_MAX) return undefined;
    const votes = this.#votesOf(vote.round)[vote.kind];
    const first = votes.get(vote.voter);
    if (!first) votes.set(vote.voter, vote);
    return first && first.id !== vote.id ? first : undefined;
  }

  /**
   * Counts votes that arrived together. A quorum for one thing counts as a whole, also where a voter said something
   * else to this node: otherwise one equivocator hides a polka from those who have to see it.
   * @returns Pairs of votes that contradict each other.
   */
  addAll(votes: readonly SignedVote[]): readonly (readonly [SignedVote, SignedVote])[] {
    const conflicts: (readonly [SignedVote, SignedVote])[] = [];
    const groups = new Map<string, Map<NodeId, SignedVote>>();
    for (const vote of votes) {
      const first = this.add(vote);
      if (first) conflicts.push([first, vote]);
      const key = `${vote.kind}/${vote.round}/${vote.id}`;
      const group = groups.get(key) ?? new Map<NodeId, SignedVote>();
      groups.set(key, group.set(vote.voter, vote));
    }
    for (const group of groups.values()) {
      const [vote] = group.values();
      if (vote && group.size >= this.#quorum) this.#certify(vote, group);
    }
    return conflicts;
  }

  #certify({ kind, round, id }: SignedVote, group: ReadonlyMap<NodeId, SignedVote>): void {
    if (round < this.#round - ROUNDS_BEHIND_MAX) return;
    this.#votesOf(round).certified.set(`${kind}/${id}`, group);
  }

  /** A voter said something in `round`, be it a vote or a proposal. */
  noteReached(voter: NodeId, round: number): void {
    if (round >= (this.#reached.get(voter) ?? 0)) this.#reached.set(voter, round);
  }

  /** How many voters said something in `round` or later. */
  countFrom(round: number): number {
    let count = 0;
    for (const reached of this.#reached.values()) if (reached >= round) count += 1;
    return count;
  }

  /** The highest round that `count` voters have reached, or −1. */
  roundOf(count: number): number {
    return [...this.#reached.values()].sort((a, b) => b - a)[count - 1] ?? -1;
  }

  hasQuorum(kind: VoteKind, round: number, id: PayloadId | null): boolean {
    return this.certificate(kind, round, id).length >= this.#quorum;
  }

  hasAny(kind: VoteKind, round: number): boolean {
    return (this.#rounds.get(round)?.[kind].size ?? 0) >= this.#quorum;
  }

  /** The votes for `id` in name order, at most a quorum of them. */
  certificate(kind: VoteKind, round: number, id: PayloadId | null): readonly SignedVote[] {
    const votes = this.#rounds.get(round);
    if (!votes) return [];
    const certified = votes.certified.get(`${kind}/${id}`);
    const found: SignedVote[] = [];
    for (const voter of this.#voters) {
      const first = votes[kind].get(voter);
      const vote = first?.id === id ? first : certified?.get(voter);
      if (vote && found.length < this.#quorum) found.push(vote);
    }
    return found;
  }

  /** Rounds in which a quorum precommitted some payload, with that payload. */
  decisions(): readonly { readonly round: number; readonly id: PayloadId }[] {
    const found: { readonly round: number; readonly id: PayloadId }[] = [];
    for (const [round, votes] of this.#rounds) {
      if (votes.precommit.size < this.#quorum && votes.certified.size === 0) continue;
      const ids = new Set<PayloadId>();
      for (const vote of votes.precommit.values()) if (vote.id !== null) ids.add(vote.id);
      for (const group of votes.certified.values()) {
        const [vote] = group.values();
        if (vote?.kind === 'precommit' && vote.id !== null) ids.add(vote.id);
      }
      for (const id of ids) if (this.hasQuorum('precommit', round, id)) found.push({ round, id });
    }
    return found;
  }

  /** The first votes of `kind` in `round`, in name order. */
  firstVotes(kind: VoteKind, round: number): readonly SignedVote[] {
    const votes = this.#rounds.get(round)?.[kind];
    return this.#voters.flatMap((voter) => votes?.get(voter) ?? []);
  }

  /** Moves on to `round`: what was said ahead of time counts now, and what is too old is forgotten. */
  enter(round: number): void {
    this.#round = round;
    for (const old of this.#rounds.keys()) if (old < round - ROUNDS_BEHIND_MAX) this.#rounds.delete(old);
    for (const [voter, votes] of this.#ahead) {
      if ((votes[0]?.round ?? 0) > round + 1) continue;
      this.#ahead.delete(voter);
      for (const vote of votes) this.add(vote);
    }
  }

  /** How many votes are held, for tests of the bounds. */
  get size(): number {
    let size = 0;
    for (const votes of this.#ahead.values()) size += votes.length;
    for (const { prevote, precommit, certified } of this.#rounds.values()) {
      size += prevote.size + precommit.size;
      for (const group of certified.values()) size += group.size;
    }
    return size;
  }

  #addAhead(vote: SignedVote): SignedVote | undefined {
    const held = this.#ahead.get(vote.voter) ?? [];
    const heldRound = held[0]?.round ?? -1;
    if (vote.round < heldRound) return undefined;
    if (vote.round > heldRound) {
      this.#ahead.set(vote.voter, [vote]);
      return undefined;
    }
    const first = held.find((other) => other.kind === vote.kind);
    if (!first) held.push(vote);
    return first && first.id !== vote.id ? first : undefined;
  }

  #votesOf(round: number): RoundVotes {
    let votes = this.#rounds.get(round);
    if (!votes) {
      votes = { prevote: new Map(), precommit: new Map(), certified: new Map() };
      this.#rounds.set(round, votes);
    }
    return votes;
  }
}
