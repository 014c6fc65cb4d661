import type { Slot } from '@varve/consensus';
import type { NodeId, PayloadId } from '@varve/encoding';
import { isStarted } from './activity.ts';
import { isCertificate } from './certificate.ts';
import { decide } from './height.ts';
import type { Decided, StatusReport } from './message.ts';
import { DECIDED_BYTES_MAX, DECIDED_WAITING_MAX, type Peer } from './peer.ts';
import { decodeProof } from './proof.ts';
import { isSamePayload } from './proposals.ts';
import { knownVotes, sendStatus } from './repeat.ts';
import { type Judging, send, type TendermintState } from './state.ts';

/** Notes where `from` says that it stands. One that is more than a height ahead is asked for what is missing here. */
export function notePlace(state: TendermintState, from: NodeId, height: number): void {
  const peer = state.peers.get(from);
  if (!peer) return;
  peer.height = height;
  if (height > state.height.height + 1) askIfBehind(state, from);
}

/** Tells `peer` where this node stands, so that it sends what is missing here; not too often. */
export function askIfBehind(state: TendermintState, from: NodeId): void {
  const peer = state.peers.get(from);
  if (!peer || peer.height <= state.height.height) return;
  if (peer.askedAt !== undefined && state.now - peer.askedAt < state.options.timing.heartbeatMs) return;
  peer.askedAt = state.now;
  sendStatus(state, from, false);
}

/** Where a peer stands: it is helped, or asked for help. */
export function onStatus(state: TendermintState, from: NodeId, message: StatusReport): void {
  const peer = state.peers.get(from);
  if (!peer) return;
  peer.height = message.height;
  peer.base = message.base;
  const { height, round } = state.height;
  if (message.height < height) return serve(state, from, message.height);
  if (message.height > height) {
    if (message.reply) sendStatus(state, from, false);
    else askIfBehind(state, from);
    return maybeSync(state);
  }
  if (!message.reply && message.round >= round) return;
  if (isStarted(state)) send(state, from, knownVotes(state));
  else sendStatus(state, from, false);
}

/** Sends decisions from `height` on, or says that there are none here. The same, or earlier, ones not again at once. */
export function serve(state: TendermintState, to: NodeId, height: number): void {
  const peer = state.peers.get(to);
  if (!peer) return;
  const { served } = peer;
  const { heartbeatMs, roundMs } = state.options.timing;
  const pauseMs = served?.height === height ? heartbeatMs : served && height < served.height ? roundMs : 0;
  if (served && state.now - served.at < pauseMs) return;
  peer.served = { height, at: state.now };
  const batch = state.log.batchFrom(height, DECIDED_WAITING_MAX, DECIDED_BYTES_MAX);
  for (const { index, epoch, payload, proof } of batch) {
    const decoded = payload && proof && decodeProof(proof, index, payload.id);
    if (decoded) send(state, to, { kind: 'decided', height: index, epoch, payload, ...decoded });
  }
  if (batch.length === 0) sendStatus(state, to, false);
}

/** A decision that a peer passes on. It waits for those before it. */
export function onDecided(state: TendermintState, from: NodeId, message: Decided): void {
  const peer = state.peers.get(from);
  const { height } = state.height;
  if (!peer || peer.refused === height) return;
  if (message.height < height || message.height >= height + DECIDED_WAITING_MAX) return;
  if (!isCertificate(state, message.height, message.precommits, 'precommit')) return;
  peer.height = Math.max(peer.height, message.height + 1);
  if (peer.decided.some((decided) => decided.height === message.height)) return;
  const bytes = peer.decided.reduce((sum, { payload }) => sum + payload.bytes.length, 0);
  if (peer.decided.length > 0 && bytes + message.payload.bytes.length > 2 * DECIDED_BYTES_MAX) return;
  peer.decided = [...peer.decided, message].sort((a, b) => a.height - b.height);
}

/** The decision of the present height that is to be judged next. */
function nextDecided(state: TendermintState): Judging | undefined {
  for (const [from, { decided }] of state.peers) {
    const [first] = decided;
    if (first?.height === state.height.height) return { from, decided: first };
  }
  return undefined;
}

/**
 * The precommits prove the payload, not the epoch that the peer names beside it: the host judges that, as with any
 * payload, since both are part of the payload's bytes. One is judged at a time, to its end.
 */
export function advanceDecided(state: TendermintState): void {
  const next = state.judging ?? nextDecided(state);
  if (!next) return;
  const { from, decided } = next;
  if (isKnownValid(state, decided)) return accept(state, from, decided);
  if (state.judging) return;
  state.judging = next;
  state.out.check.push({
    slot: { index: decided.height, epoch: decided.epoch },
    payload: decided.payload,
    fresh: false,
  });
}

function isKnownValid(state: TendermintState, { payload, epoch }: Decided): boolean {
  return state.height.proposals.find(payload.id, epoch)?.verdict === 'valid';
}

/** The host's answer. Of a peer that named a wrong epoch nothing more is taken at this height. */
export function onDecidedChecked(state: TendermintState, slot: Slot, payload: PayloadId, valid: boolean): void {
  const { judging } = state;
  if (!judging) return;
  const { epoch, payload: its } = judging.decided;
  if (!isSamePayload({ epoch, id: its.id }, { epoch: slot.epoch, id: payload })) return;
  if (valid) return accept(state, judging.from, judging.decided);
  state.judging = undefined;
  const peer = state.peers.get(judging.from);
  if (!peer) return;
  peer.decided = [];
  peer.refused = state.height.height;
}

function accept(state: TendermintState, from: NodeId, decided: Decided): void {
  const precommits = decided.precommits.filter(({ voter }) => state.voters.includes(voter));
  decide(state, decided, decided.round, precommits);
  const peer = state.peers.get(from);
  if (!peer || peer.decided.length > 0) return;
  peer.askedAt = undefined;
  askIfBehind(state, from);
}

/** Block sync is wanted once so many peers that one of them is correct are ahead and cannot hand out this height. */
function maybeSync(state: TendermintState): void {
  const { height } = state.height;
  const isAhead = (peer: Peer) => peer.height > height && peer.base !== undefined && peer.base >= height;
  const ahead = [...state.peers].filter(([, peer]) => isAhead(peer)).sort(([, a], [, b]) => b.height - a.height);
  if (ahead.length <= state.faults) return;
  const { heartbeatMs } = state.options.timing;
  if (state.syncing && state.syncAskedAt !== undefined && state.now - state.syncAskedAt < heartbeatMs) return;
  state.syncing = true;
  state.syncAskedAt = state.now;
  state.out.syncPeers = ahead.map(([id]) => id);
}
