import type { SignedVote, VoteKind } from './message.ts';
import type { TendermintState } from './state.ts';

/**
 * Whether `votes` hold a quorum of members' votes for one payload in one round of `height`. Their signatures are
 * verified before a step; a vote that does not belong costs nothing but itself (trap 49).
 */
export function isCertificate(
  state: Pick<TendermintState, 'voters' | 'quorum'>,
  height: number,
  votes: readonly SignedVote[],
  kind?: VoteKind,
): boolean {
  const groups = new Map<string, Set<string>>();
  for (const vote of votes) {
    if (vote.height !== height || vote.id === null || !state.voters.includes(vote.voter)) continue;
    if (kind !== undefined && vote.kind !== kind) continue;
    const key = `${vote.kind}/${vote.round}/${vote.id}`;
    groups.set(key, (groups.get(key) ?? new Set()).add(vote.voter));
  }
  for (const voters of groups.values()) if (voters.size >= state.quorum) return true;
  return false;
}
