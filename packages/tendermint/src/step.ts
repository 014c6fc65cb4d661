import { assert, assertNever, type Input, notePersisted } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { askChecks, maybePropose, onChecked, onPropose } from './build.ts';
import { advanceDecided } from './catch-up.ts';
import type { TendermintMessage } from './message.ts';
import { advanceReads, failReads, onRead, readDeadline } from './read.ts';
import { onEnvelope } from './receive.ts';
import { runRepeat, scheduleRepeat, sendStatus } from './repeat.ts';
import { advanceRounds, roundDeadline } from './round.ts';
import type { TendermintState } from './state.ts';
import { onCertified, onSynced } from './sync.ts';

/** One input: whatever follows from it is in `state.out`. */
export function step(state: TendermintState, input: Input<TendermintMessage>, now: number): void {
  assert(Number.isSafeInteger(now) && now >= state.now, 'time is an integer that never falls');
  state.now = now;
  onInput(state, input);
  settle(state);
}

/** Everything that follows from what is known by now. */
export function settle(state: TendermintState): void {
  advanceDecided(state);
  advanceRounds(state);
  maybePropose(state);
  askChecks(state);
  runRepeat(state);
  advanceReads(state);
  scheduleRepeat(state);
  const deadline = Math.min(roundDeadline(state), readDeadline(state), state.repeatAt ?? Number.POSITIVE_INFINITY);
  state.wakeAt = Number.isFinite(deadline) ? deadline : undefined;
}

function onInput(state: TendermintState, input: Input<TendermintMessage>): void {
  switch (input.kind) {
    case 'tick':
      return;
    case 'message':
      return onEnvelope(state, input.envelope);
    case 'demand':
      state.pending = input.pending;
      return;
    case 'propose':
      return onPropose(state, input.slot, input.payload);
    case 'checked':
      return onChecked(state, input.slot, input.payload, input.valid);
    case 'persisted':
      return notePersisted(state, input.sequence);
    case 'applied':
      state.applied = Math.max(state.applied, input.index);
      return;
    case 'certified':
      return onCertified(state, input.anchor);
    case 'synced':
      return onSynced(state, input.anchor);
    case 'read':
      return onRead(state, input.context);
    case 'transfer':
      // Proposers take turns: there is no leadership to hand over.
      return;
    case 'drain':
      state.draining = true;
      return failReads(state);
    case 'equivocated':
      if (state.voters.includes(input.voter)) state.equivocators.add(input.voter);
      return;
    case 'link':
      return onLink(state, input.peer, input.up);
    default:
      return assertNever(input);
  }
}

/** A peer that comes back hears where this node stands; one that is gone is not waited for when it is to propose. */
function onLink(state: TendermintState, id: NodeId, up: boolean): void {
  const peer = state.peers.get(id);
  if (!peer) return;
  peer.isDown = !up;
  if (up) sendStatus(state, id, true);
}
