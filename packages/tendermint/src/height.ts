import type { SignedVote } from './message.ts';
import { encodeProof } from './proof.ts';
import { appendInPlace, type Candidate, createHeard, createHeight, dropOwn, type TendermintState } from './state.ts';

/** L49–54: the payload stands at this height. The decision and its proof are written before anything of the next. */
export function decide(
  state: TendermintState,
  { payload, epoch }: Candidate,
  round: number,
  precommits: readonly SignedVote[],
): void {
  const { height } = state.height;
  const entry = { index: height, epoch, payload, proof: encodeProof(round, precommits) };
  appendInPlace(state, entry);
  state.log.append(entry);
  state.out.commit.push(entry);
  if (state.own?.id === payload.id) state.own = undefined;
  startHeight(state);
}

/** Begins the height after the last decision, with what came early of it. */
export function startHeight(state: TendermintState): void {
  const { voters, quorum, now } = state;
  const height = state.log.lastIndex + 1;
  const heard = state.next.height === height ? state.next : createHeard(voters, quorum, height);
  dropOwn(state);
  state.height = createHeight(heard, now);
  state.next = createHeard(voters, quorum, height + 1);
  state.stored = undefined;
  state.openBuild = undefined;
  state.syncing = false;
  state.judging = undefined;
  for (const old of state.accused.keys()) if (old < height) state.accused.delete(old);
  state.repeats = 0;
  state.repeatAt = undefined;
  for (const peer of state.peers.values()) peer.decided = peer.decided.filter((decided) => decided.height >= height);
}
