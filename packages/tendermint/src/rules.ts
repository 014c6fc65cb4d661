import type { PayloadId } from '@varve/encoding';
import type { Lock } from './hard-state.ts';
import type { Tally } from './votes.ts';

/** Steps of a round, in order. */
export type Step = 'propose' | 'prevote' | 'precommit';

/** What the paper's process keeps for one height. */
export interface RoundState {
  readonly round: number;
  readonly step: Step;
  readonly locked: Lock | undefined;
  readonly valid: Lock | undefined;
}

/** The proposal of the present round. */
export interface ProposalFacts {
  readonly id: PayloadId;
  readonly validRound: number | null;
  /** Absent while the host judges. */
  readonly isValid: boolean | undefined;
}

/** What the rules look at beside the process itself. */
export interface Facts {
  readonly votes: Tally;
  readonly proposal: ProposalFacts | undefined;
  /** Its proposer contradicted itself before: nothing that it proposes gets a vote, and it is not waited for. */
  readonly isDistrusted: boolean;
  /** A payload that is at hand and valid, and a round in which a quorum precommitted it. */
  readonly decision: { readonly round: number; readonly id: PayloadId } | undefined;
  /** The highest round that more than a third of the voters have reached. */
  readonly roundOfMany: number;
  /** Timers that were started in this round, and those that ran out. */
  readonly scheduled: ReadonlySet<Step>;
  readonly expired: ReadonlySet<Step>;
}

/** What is to be done; `line` is that of the arm in algorithm 1 of arXiv 1807.04938. */
export type Rule =
  | { readonly line: 49; readonly kind: 'decide'; readonly round: number; readonly id: PayloadId }
  | { readonly line: 55 | 47 | 65; readonly kind: 'enterRound'; readonly round: number }
  | { readonly line: 22 | 28 | 57; readonly kind: 'prevote'; readonly id: PayloadId | null }
  | { readonly line: 36; readonly kind: 'lock' | 'setValid'; readonly id: PayloadId }
  | { readonly line: 44 | 61; readonly kind: 'precommitNil' }
  | { readonly line: 34; readonly kind: 'schedule'; readonly step: 'prevote' }
  | { readonly line: 47; readonly kind: 'schedule'; readonly step: 'precommit' };

/** The next arm whose condition holds, if any. Applying it changes the state, so that it fires once. */
export function nextRule(state: RoundState, facts: Facts): Rule | undefined {
  const { decision, roundOfMany } = facts;
  // L49: a proposal and a quorum of precommits for it, of any round and in either order.
  if (decision) return { line: 49, kind: 'decide', ...decision };
  // L55: more than a third are in a later round, so a correct voter is.
  if (roundOfMany > state.round) return { line: 55, kind: 'enterRound', round: roundOfMany };
  return (
    (state.step === 'propose' ? prevoteRule(state, facts) : undefined) ??
    polkaRule(state, facts) ??
    (state.step === 'prevote' ? nilRule(state, facts) : undefined) ??
    precommitsRule(state, facts)
  );
}

function prevoteRule(state: RoundState, { votes, proposal, isDistrusted, expired }: Facts): Rule | undefined {
  const { round, locked } = state;
  if (isDistrusted) return { line: 57, kind: 'prevote', id: null };
  if (proposal?.isValid !== undefined) {
    const { id, validRound, isValid } = proposal;
    // L22: a new payload. Who is locked on another one prevotes nil, not its lock.
    if (validRound === null) {
      return { line: 22, kind: 'prevote', id: isValid && (!locked || locked.id === id) ? id : null };
    }
    // L28: a payload that had a polka in `validRound`, tested again whenever a late prevote arrives.
    if (validRound < round && votes.hasQuorum('prevote', validRound, id)) {
      const isFree = !locked || locked.round <= validRound || locked.id === id;
      return { line: 28, kind: 'prevote', id: isValid && isFree ? id : null };
    }
  }
  // L57: the proposer was silent for too long.
  return expired.has('propose') ? { line: 57, kind: 'prevote', id: null } : undefined;
}

function polkaRule(state: RoundState, { votes, proposal }: Facts): Rule | undefined {
  const { round, step, valid } = state;
  if (step === 'propose' || !proposal?.isValid || valid?.round === round) return undefined;
  if (!votes.hasQuorum('prevote', round, proposal.id)) return undefined;
  // L36: lock and precommit in step prevote; the valid value is set in step precommit too.
  return { line: 36, kind: step === 'prevote' ? 'lock' : 'setValid', id: proposal.id };
}

function nilRule({ round }: RoundState, { votes, scheduled, expired }: Facts): Rule | undefined {
  // L44: a polka for nil.
  if (votes.hasQuorum('prevote', round, null)) return { line: 44, kind: 'precommitNil' };
  // L61: no polka came in time.
  if (expired.has('prevote')) return { line: 61, kind: 'precommitNil' };
  // L34: for the first time a quorum of prevotes for anything.
  if (votes.hasAny('prevote', round) && !scheduled.has('prevote')) {
    return { line: 34, kind: 'schedule', step: 'prevote' };
  }
  return undefined;
}

function precommitsRule({ round }: RoundState, { votes, scheduled, expired }: Facts): Rule | undefined {
  // L65: no decision came in time.
  if (expired.has('precommit')) return { line: 65, kind: 'enterRound', round: round + 1 };
  // A quorum for nil leaves nothing to wait for: no payload can be decided in this round any more.
  if (votes.hasQuorum('precommit', round, null)) return { line: 47, kind: 'enterRound', round: round + 1 };
  // L47: for the first time a quorum of precommits for anything.
  if (votes.hasAny('precommit', round) && !scheduled.has('precommit')) {
    return { line: 47, kind: 'schedule', step: 'precommit' };
  }
  return undefined;
}
