import type { Entry, InFlight, Leading } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from './ballot.ts';

/**
 * What a leader knows of one voter, itself included.
 * - `unpromised`: it is asked to promise, again and again.
 * - `sync`: it gets what is decided, a part at a time; each answer draws the next.
 * - `follow`: it is in the session, or will be; entries go out as the window allows.
 * - `blocks`: it needs entries that this log no longer has.
 */
export interface Progress extends InFlight {
  readonly id: NodeId;
  mode: 'unpromised' | 'sync' | 'follow' | 'blocks';
  /** Accepted in this ballot. */
  match: number;
  next: number;
  /** Highest decided index it was sent. */
  decidedTold: number;
  /** Highest read round it confirmed. */
  round: number;
}

/** What a promise says of the promiser's log. */
export interface Claim {
  readonly acceptedRound: Ballot;
  readonly lastIndex: number;
  readonly decided: number;
}

/** What a promiser showed of its log. */
export interface Suffix {
  readonly acceptedRound: Ballot;
  readonly prevIndex: number;
  readonly entries: Entry[];
}

/** What only a leader has, or who tries to become one; made anew with each ballot. */
export interface Leadership extends Leading {
  phase: 'prepare' | 'accept';
  /** Who promised, itself included. */
  readonly promises: Map<NodeId, Claim>;
  readonly suffixes: Map<NodeId, Suffix>;
  /** The accepted round of the log that was adopted, and where it ended. */
  adoptedRound: Ballot;
  adoptedIndex: number;
  /** Of every voter, in name order. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
  beatAt: number;
  transfer: { readonly to: NodeId; readonly deadline: number; sent: boolean } | undefined;
}

/** A ballot's beginning: nobody promised yet. */
export function createLeadership(voters: readonly NodeId[], beatAt: number): Leadership {
  return {
    phase: 'prepare',
    promises: new Map(),
    suffixes: new Map(),
    adoptedRound: BALLOT_ZERO,
    adoptedIndex: 0,
    progress: new Map(voters.map((voter) => [voter, createProgress(voter)])),
    beatAt,
    transfer: undefined,
    openBuild: undefined,
  };
}

function createProgress(id: NodeId): Progress {
  return { id, mode: 'unpromised', match: 0, next: 1, decidedTold: 0, round: 0, inFlight: [], inFlightBytes: 0 };
}
