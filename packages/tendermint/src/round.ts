import { assertNever } from '@varve/consensus';
import type { PayloadId } from '@varve/encoding';
import { isStarted, timeoutMs } from './activity.ts';
import type { Valid } from './hard-state.ts';
import { decide } from './height.ts';
import { proposerOf } from './proposer.ts';
import { knownVotes } from './repeat.ts';
import { nextRule, type ProposalFacts, type Rule, type Step } from './rules.ts';
import { vote } from './sign.ts';
import { broadcast, dropOwn, storeCandidate, type TendermintState } from './state.ts';

/** Applies the paper's rules until none holds. */
export function advanceRounds(state: TendermintState): void {
  startRound(state);
  for (let rule = findRule(state); rule; rule = findRule(state)) {
    apply(state, rule);
    startRound(state);
  }
}

function findRule(state: TendermintState): Rule | undefined {
  const { height, now } = state;
  const expired = new Set<Step>();
  for (const [step, at] of height.timers) if (at <= now) expired.add(step);
  return nextRule(height, {
    votes: height.votes,
    proposal: presentProposal(state),
    isDistrusted: isDistrusted(state),
    decision: presentDecision(state),
    roundOfMany: height.votes.roundOf(state.skip),
    scheduled: new Set(height.timers.keys()),
    expired,
  });
}

function presentProposal({ height }: TendermintState): ProposalFacts | undefined {
  const proposed = height.proposals.at(height.round);
  if (!proposed) return undefined;
  const { verdict, proposal } = proposed;
  const isValid = verdict === 'valid' ? true : verdict === 'invalid' ? false : undefined;
  return { id: proposal.payload.id, validRound: proposal.validRound, isValid };
}

/**
 * Whether the proposer of a round that has started is known to lie. Where more did than can be tolerated, somebody
 * has to be believed all the same.
 */
function isDistrusted({ equivocators, faults, voters, height }: TendermintState): boolean {
  if (!height.timers.has('propose') || equivocators.size > faults) return false;
  return equivocators.has(proposerOf(voters, height.height, height.round));
}

/** The payload's id names its bytes, and its bytes their epoch, so a proposal of another round serves as well. */
function presentDecision({ height }: TendermintState): { readonly round: number; readonly id: PayloadId } | undefined {
  return height.votes.decisions().find(({ id }) => height.proposals.find(id)?.verdict === 'valid');
}

function apply(state: TendermintState, rule: Rule): void {
  const { height } = state;
  switch (rule.kind) {
    case 'decide': {
      const proposal = height.proposals.find(rule.id)?.proposal;
      if (proposal) decide(state, proposal, rule.round, height.votes.certificate('precommit', rule.round, rule.id));
      return;
    }
    case 'enterRound':
      return enterRound(state, rule.round);
    case 'prevote':
      return vote(state, 'prevote', rule.id);
    case 'lock':
      height.locked = { round: height.round, id: rule.id };
      setValid(state, rule.id);
      return vote(state, 'precommit', rule.id);
    case 'setValid':
      return setValid(state, rule.id);
    case 'precommitNil':
      return vote(state, 'precommit', null);
    case 'schedule':
      height.timers.set(rule.step, state.now + timeoutMs(state, height.round));
      return;
    default:
      return assertNever(rule);
  }
}

/** The polka is kept with the value: nobody has to believe a lock without it (trap 42). */
function setValid(state: TendermintState, id: PayloadId): void {
  const { height } = state;
  const proposal = height.proposals.at(height.round)?.proposal;
  if (!proposal) return;
  const valid: Valid = { round: height.round, id, polka: height.votes.certificate('prevote', height.round, id) };
  height.valid = valid;
  state.out.hardState = true;
  storeCandidate(state, proposal);
  if (state.own && state.own.id !== id) dropOwn(state);
}

/**
 * L11: a later round. What justifies it, and the polka of the valid value, go to all (trap 43). It is stored with the
 * first own word of the round: those who are left behind may have lost it, and no own word of the last round is kept.
 */
function enterRound(state: TendermintState, round: number): void {
  const { height } = state;
  const ended = height.votes.firstVotes('precommit', round - 1);
  height.entered = ended.length < state.quorum ? [] : ended.slice(0, state.quorum);
  height.round = round;
  height.roundSince = state.now;
  height.step = 'propose';
  height.said = {};
  height.timers.clear();
  height.votes.enter(round);
  height.proposals.enter(round);
  state.openBuild = undefined;
  state.repeats = 0;
  state.repeatAt = undefined;
  if (state.own && height.valid?.id !== state.own.id) dropOwn(state);
  broadcast(state, knownVotes(state));
}

/**
 * L20–21: a voter waits for the proposer, and the proposer for its host. A proposer without a connection is hardly
 * waited for: any length is safe, and its turns would cost a timeout each.
 */
function startRound(state: TendermintState): void {
  const { height, now } = state;
  if (height.step !== 'propose' || !isStarted(state)) return;
  const at = height.timers.get('propose');
  const waitMs = isProposerDown(state) ? state.options.timing.heartbeatMs : timeoutMs(state, height.round);
  if (at !== undefined && at <= now + waitMs) return;
  height.timers.set('propose', now + waitMs);
  if (at !== undefined) return;
  state.repeats = 0;
  state.repeatAt = undefined;
}

function isProposerDown({ voters, height, peers }: TendermintState): boolean {
  return peers.get(proposerOf(voters, height.height, height.round))?.isDown ?? false;
}

/** The next timeout that matters. */
export function roundDeadline({ height }: TendermintState): number {
  let deadline = Number.POSITIVE_INFINITY;
  for (const [step, at] of height.timers) {
    if (step === 'precommit' || step === height.step) deadline = Math.min(deadline, at);
  }
  return deadline;
}
