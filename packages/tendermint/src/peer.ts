import type { Decided } from './message.ts';

/** Decisions of one peer that wait for those before them, at most. */
export const DECIDED_WAITING_MAX = 16;
/** Their payload bytes; one may exceed it. */
export const DECIDED_BYTES_MAX: number = 1024 * 1024;

/** What is known of one other voter. All of it is only what it claims. */
export interface Peer {
  /** The height it is deciding, as it last said; 0 while nothing is known. */
  height: number;
  /** It can hand out decisions after this; `undefined` while it did not say. */
  base: number | undefined;
  /** `now` of its last message, 0 if never. */
  heardAt: number;
  /** The host said that there is no connection, and nothing was heard since. */
  isDown: boolean;
  askedAt: number | undefined;
  served: { readonly height: number; readonly at: number } | undefined;
  /** Decisions it sent, ascending. */
  decided: Decided[];
  /** The height at which it sent a decision with a wrong epoch. */
  refused: number | undefined;
}

/** A peer of which nothing is known. */
export function createPeer(): Peer {
  return {
    height: 0,
    base: undefined,
    heardAt: 0,
    isDown: false,
    askedAt: undefined,
    served: undefined,
    decided: [],
    refused: undefined,
  };
}
