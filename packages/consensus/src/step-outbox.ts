import type { NodeId, PayloadId } from '@varve/encoding';
import type { Anchor, Entry, Envelope, Evidence, Output, Payload, Slot } from './contract.ts';

/** What a step of an engine wants done, collected while it runs. */
export interface StepOutbox<M> {
  readonly send: Envelope<M>[];
  /** Leaves once everything written so far is durable. */
  readonly durably: Envelope<M>[];
  /** Whether the hard state is to be written. */
  hardState: boolean;
  truncateFrom: number | undefined;
  readonly append: Entry[];
  anchor: Anchor | undefined;
  readonly commit: Entry[];
  build: Slot | undefined;
  readonly check: { readonly slot: Slot; readonly payload: Payload; readonly fresh: boolean }[];
  readonly dropped: PayloadId[];
  syncPeers: readonly NodeId[] | undefined;
  readonly reads: { context: number; index: number; ok: boolean }[];
  readonly evidence: Evidence[];
}

/** An outbox with nothing in it. */
export function createStepOutbox<M>(): StepOutbox<M> {
  return {
    send: [],
    durably: [],
    hardState: false,
    truncateFrom: undefined,
    append: [],
    anchor: undefined,
    commit: [],
    build: undefined,
    check: [],
    dropped: [],
    syncPeers: undefined,
    reads: [],
    evidence: [],
  };
}

/** How far an engine's writes have come. */
export interface WriteProgress {
  /** Sequence of the last write; 0 before the first. */
  sequence: number;
  /** The oldest write not known durable, and since when nothing became durable. */
  unpersisted: { sequence: number; since: number } | undefined;
  readonly now: number;
}

/**
 * Closes a step: what is to be written gets its sequence number.
 * @param hardState - Asked when the hard state is to be written.
 */
export function closeStep<M>(
  out: StepOutbox<M>,
  progress: WriteProgress,
  hardState: () => Uint8Array,
  wakeAt: number | undefined,
): Output<M> {
  const writes =
    out.hardState || out.truncateFrom !== undefined || out.append.length > 0 || out.anchor || out.durably.length > 0;
  if (writes) {
    progress.sequence += 1;
    progress.unpersisted ??= { sequence: progress.sequence, since: progress.now };
  }
  const write = writes && {
    sequence: progress.sequence,
    append: out.append,
    // biome-ignore lint/suspicious/noThenProperty: the contract's name, and an array is no function.
    then: out.durably,
    ...(out.hardState ? { hardState: hardState() } : {}),
    ...(out.truncateFrom === undefined ? {} : { truncateFrom: out.truncateFrom }),
    ...(out.anchor ? { anchor: out.anchor } : {}),
  };
  return {
    send: out.send,
    ...(write ? { write } : {}),
    commit: out.commit,
    ...(out.build ? { build: out.build } : {}),
    check: out.check,
    dropped: out.dropped,
    ...(out.syncPeers ? { sync: { peers: out.syncPeers } } : {}),
    reads: out.reads,
    evidence: out.evidence,
    ...(wakeAt === undefined ? {} : { wakeAt }),
  };
}

/** Everything up to `sequence` is durable. What waits for that comes back as messages; here the disk's pace is watched. */
export function notePersisted(progress: WriteProgress, sequence: number): void {
  if (!progress.unpersisted || sequence < progress.unpersisted.sequence) return;
  progress.unpersisted = sequence < progress.sequence ? { sequence: sequence + 1, since: progress.now } : undefined;
}

/** Whether the disk has finished no write for `ms`. */
export function isWriteStalled({ unpersisted, now }: WriteProgress, ms: number): boolean {
  return unpersisted !== undefined && now - unpersisted.since >= ms;
}
