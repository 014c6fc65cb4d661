import type { TendermintState } from './state.ts';

/** Length of the timeouts of `round`: they grow linearly, and no further than the cap (trap 47). */
export function timeoutMs({ options }: Pick<TendermintState, 'options'>, round: number): number {
  const { roundMs, roundMsMax } = options.timing;
  return Math.min(roundMs + round * Math.ceil(roundMs / 2), Math.max(roundMs, roundMsMax));
}

/**
 * Whether there is something to decide in this round: demand here, a proposal, a payload with a polka, own words, or
 * so many voters that a correct one has a reason. Otherwise the chain is idle, and no timer runs.
 */
export function isStarted(state: TendermintState): boolean {
  const { height } = state;
  if (state.pending && !state.draining) return true;
  if (height.valid || height.proposals.at(height.round)) return true;
  const { proposal, prevote, precommit } = height.said;
  if (proposal !== undefined || precommit !== undefined) return true;
  // A nil of round 0 remains where the demand went away: alone it is no reason to go on.
  if (prevote !== undefined && (prevote !== null || height.round > 0)) return true;
  return height.votes.countFrom(height.round) >= state.skip;
}
