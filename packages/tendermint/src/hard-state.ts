import type { Epoch } from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, fromHex, type PayloadId } from '@varve/encoding';
import { type SignedVote, VOTES_MAX } from './message.ts';
import {
  idValue,
  readEpoch,
  readId,
  readPayloadId,
  readSignatures,
  readVote,
  signaturesValue,
  voteValue,
} from './vote-codec.ts';

/** What this node said in one round; what is said cannot be said otherwise. */
export interface Said {
  readonly proposal?: { readonly id: PayloadId; readonly validRound: number | null; readonly epoch: Epoch };
  /** Null: nil. */
  readonly prevote?: PayloadId | null;
  readonly precommit?: PayloadId | null;
}

/** A payload that this node precommitted (`lockedValue` and `lockedRound` of the paper). */
export interface Lock {
  readonly round: number;
  readonly id: PayloadId;
}

/** The newest payload with a polka (`validValue` and `validRound` of the paper), and the polka. */
export interface Valid extends Lock {
  readonly polka: readonly SignedVote[];
}

/**
 * Sign state, lock and valid value in one record, so that no crash separates them. The valid payload's bytes are the
 * log's last entry.
 */
export interface HardState {
  readonly height: number;
  readonly round: number;
  /** Precommits of a quorum in the round before, which led here; none where others were followed, or in round 0. */
  readonly entered: readonly SignedVote[];
  /** Of `round`. */
  readonly said: Said;
  readonly locked: Lock | undefined;
  readonly valid: Valid | undefined;
}

/** `[1, height, round, [* vote], proposal | null, prevote, precommit, locked | null, valid | null]`. */
export function encodeHardState({ height, round, entered, said, locked, valid }: HardState): Uint8Array {
  const { proposal } = said;
  return encodeCbor([
    1,
    height,
    round,
    entered.map(voteValue),
    proposal ? [fromHex(proposal.id), proposal.validRound, proposal.epoch.number, proposal.epoch.node] : null,
    saidValue(said.prevote),
    saidValue(said.precommit),
    locked ? [locked.round, fromHex(locked.id)] : null,
    valid ? [valid.round, fromHex(valid.id), signaturesValue(valid.polka)] : null,
  ]);
}

/** `null`: not said; else `[id | null]`. */
function saidValue(said: PayloadId | null | undefined): CborValue {
  return said === undefined ? null : [idValue(said)];
}

/** @throws {EncodingError} for anything but what `encodeHardState` makes: a damaged store must not vote. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new CborReader(bytes);
  reader.array(9);
  reader.exactly(1);
  const height = reader.uint();
  const round = reader.uint();
  const entered = reader.list((r) => readVote(r, height), VOTES_MAX);
  const proposal = reader.nullable(readProposed) ?? undefined;
  const prevote = reader.nullable(readSaid);
  const precommit = reader.nullable(readSaid);
  const locked = reader.nullable(readLock) ?? undefined;
  const valid = reader.nullable((r) => readValid(r, height)) ?? undefined;
  reader.end();
  const said = {
    ...(proposal && { proposal }),
    ...(prevote && { prevote: prevote.id }),
    ...(precommit && { precommit: precommit.id }),
  };
  return { height, round, entered, said, locked, valid };
}

function readProposed(r: CborReader): NonNullable<Said['proposal']> {
  r.array(4);
  return { id: readPayloadId(r), validRound: r.nullable((inner) => inner.uint()), epoch: readEpoch(r) };
}

function readSaid(r: CborReader): { readonly id: PayloadId | null } {
  r.array(1);
  return { id: readId(r) };
}

function readLock(r: CborReader): Lock {
  r.array(2);
  return { round: r.uint(), id: readPayloadId(r) };
}

function readValid(r: CborReader, height: number): Valid {
  r.array(3);
  const round = r.uint();
  const id = readPayloadId(r);
  return { round, id, polka: readSignatures(r, { kind: 'prevote', height, round, id }) };
}
