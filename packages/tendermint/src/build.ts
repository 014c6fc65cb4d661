import type { Payload, Slot } from '@varve/consensus';
import type { PayloadId } from '@varve/encoding';
import { onDecidedChecked } from './catch-up.ts';
import { isSamePayload, type Proposed } from './proposals.ts';
import { epochOf, proposerOf } from './proposer.ts';
import { maySign, propose } from './sign.ts';
import type { TendermintState } from './state.ts';

/** Whether the present round is this node's to propose in. */
export function isProposer({ self, voters, height }: TendermintState): boolean {
  return proposerOf(voters, height.height, height.round) === self;
}

/** Why this node asks for no payload, or `undefined` when it may. */
export function buildObstacle(state: TendermintState): 'NOT_PROPOSING' | 'DRAINING' | 'EXECUTION_BEHIND' | undefined {
  const { height } = state;
  if (!isProposer(state) || height.step !== 'propose' || height.said.proposal || !maySign(state))
    return 'NOT_PROPOSING';
  if (state.draining) return 'DRAINING';
  // The next payload is judged by the state after the last one.
  return state.applied < height.height - 1 ? 'EXECUTION_BEHIND' : undefined;
}

/** L14–19: the proposer says its valid value again, or asks the host for a new one when there is demand. */
export function maybePropose(state: TendermintState): void {
  const { height } = state;
  if (!isProposer(state) || height.step !== 'propose' || height.said.proposal || !maySign(state)) return;
  if (height.valid) {
    if (state.stored?.payload.id === height.valid.id) propose(state, state.stored, height.valid.round);
    return;
  }
  if (!state.pending || state.openBuild || buildObstacle(state) !== undefined) return;
  state.openBuild = { index: height.height, epoch: epochOf(state.voters, height.height, height.round) };
  state.out.build = state.openBuild;
}

/** The host's answer to `build`. Whatever no longer has its slot goes back. */
export function onPropose(state: TendermintState, slot: Slot, payload: Payload): void {
  const open = state.openBuild;
  const fits = open?.index === slot.index && open.epoch.number === slot.epoch.number && slot.epoch.node === state.self;
  if (fits) state.openBuild = undefined;
  if (!fits || state.height.valid || buildObstacle(state) !== undefined) {
    state.out.dropped.push(payload.id);
    return;
  }
  state.own = payload;
  propose(state, { payload, epoch: slot.epoch }, null);
}

/** Asks the host to judge the proposals that matter now. The own one is judged like any other. */
export function askChecks(state: TendermintState): void {
  const { height, out } = state;
  for (const proposed of height.proposals.all()) {
    const { proposal } = proposed;
    const wanted = isWanted(state, proposed);
    if (!wanted) continue;
    for (const twin of twinsOf(state, proposed)) {
      twin.verdict = 'asked';
      twin.isSettled ||= wanted === 'settled';
    }
    const slot = { index: proposal.height, epoch: proposal.epoch };
    out.check.push({ slot, payload: proposal.payload, fresh: wanted === 'fresh' });
  }
}

/**
 * A new payload is judged with the bound on clocks. What a quorum voted for passed that bound at a correct node: there
 * the rules alone decide, also if this node's clock had refused it.
 */
function isWanted(
  { height }: TendermintState,
  { proposal, verdict, isSettled }: Proposed,
): 'fresh' | 'settled' | undefined {
  const { round, validRound, payload } = proposal;
  if (verdict === 'unasked' && round === height.round) return validRound === null ? 'fresh' : 'settled';
  if (verdict !== 'unasked' && (verdict !== 'invalid' || isSettled)) return undefined;
  const isPolka = height.votes.hasQuorum('prevote', round, payload.id);
  const isDecided = isPolka || height.votes.decisions().some(({ id }) => id === payload.id);
  return isDecided ? 'settled' : undefined;
}

function twinsOf({ height }: TendermintState, { proposal }: Proposed): readonly Proposed[] {
  const one = { epoch: proposal.epoch, id: proposal.payload.id };
  return [...height.proposals.all()].filter(({ proposal: other }) =>
    isSamePayload(one, { epoch: other.epoch, id: other.payload.id }),
  );
}

/** The host's answer to `check`. */
export function onChecked(state: TendermintState, slot: Slot, payload: PayloadId, valid: boolean): void {
  if (slot.index !== state.height.height) return;
  for (const proposed of state.height.proposals.all()) {
    const { epoch, payload: its } = proposed.proposal;
    if (proposed.verdict !== 'asked' || !isSamePayload({ epoch, id: its.id }, { epoch: slot.epoch, id: payload }))
      continue;
    proposed.verdict = valid ? 'valid' : 'invalid';
  }
  onDecidedChecked(state, slot, payload, valid);
}
