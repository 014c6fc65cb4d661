import type { Status, ValidatorMember } from '@varve/consensus';
import type { Height } from '@varve/encoding';
import type { Instant } from './events.ts';
import type { Follow } from './follow.ts';
import type { Greeting } from './greeting.ts';
import type { LeavingStatus } from './leaving.ts';
import type { ObserverOnly } from './observer-only.ts';
import type { Peer, Peers } from './peers.ts';
import type { Production } from './production.ts';
import type { Sealing } from './sealing.ts';

/** Something that holds a node up: a code of docs/errors.md, and the nodes concerned. */
export interface Condition {
  readonly code: string;
  readonly detail: string;
  readonly nodes: readonly string[];
}

/** What a validator can say of itself. */
export interface ValidatorStatus {
  readonly member: ValidatorMember | undefined;
  readonly mode: 'starting' | 'validator' | 'observer' | 'observer-only';
  readonly observerOnly: ObserverOnly | undefined;
  readonly durableHeight: Height;
  readonly finalHeight: Height;
  readonly engine: Status | undefined;
  readonly pool: { readonly transactions: number; readonly bytes: number };
  readonly conditions: readonly Condition[];
  /** Of a validator that lost its seat: whether it may stop. */
  readonly leaving: LeavingStatus | undefined;
  readonly sealsMissing: readonly string[];
  readonly peers: readonly Peer[];
  /** Contradictions of validators, FORMATS `evidence`, in the order in which they came to be known here. */
  readonly evidence: readonly Uint8Array[];
}

/** What a node may do: see `ValidatorStatus`. */
export function modeOf(
  self: ValidatorMember | undefined,
  observerOnly: ObserverOnly | undefined,
  engine: object | undefined,
): ValidatorStatus['mode'] {
  if (observerOnly) return 'observer-only';
  if (self === undefined) return 'observer';
  return engine ? 'validator' : 'starting';
}

/** Everything that holds a validator up at this moment, most serious first. */
export function conditionsOf(parts: {
  readonly observerOnly: ObserverOnly | undefined;
  /** Why this node cannot take the seat that names it. */
  readonly keyMismatch: string | undefined;
  readonly isStarting: boolean;
  /** It has no vote, and knows only what others tell it. */
  readonly follows: boolean;
  /** The last block of a configuration waits for its certificate. */
  readonly isHandingOver: boolean;
  readonly engine: Status | undefined;
  readonly greeting: Greeting;
  readonly sealing: Sealing;
  readonly production: Production;
  readonly follow: Follow;
  readonly peers: Peers;
  readonly now: Instant;
}): readonly Condition[] {
  const { observerOnly, engine, sealing, follow, peers, now } = parts;
  const conditions: Condition[] = [];
  const add = (code: string, detail: string, nodes: readonly string[] = []): void => {
    conditions.push({ code, detail, nodes });
  };
  if (observerOnly) add(observerOnly.code, observerOnly.reason);
  if (parts.keyMismatch !== undefined) add('KEY_MISMATCH', parts.keyMismatch);
  if (sealing.isContradicted) add('SEALS_CONTRADICT', 'seals of others name another block');
  for (const peer of peers.all()) {
    if (peers.isTwice(peer, now.monotonic))
      add('VALIDATOR_TWICE', 'two processes use one key', [peer.member?.name ?? peer.networkKey]);
  }
  if (parts.follows && !peers.fresh(now.monotonic).some((peer) => peer.member)) {
    add('VALIDATORS_UNREACHABLE', 'no validator answers: what this node shows may be old');
  }
  if (parts.isStarting) add('MEMBERS_UNHEARD', 'waits to hear a quorum of the members before it votes');
  if (engine?.waiting) add(engine.waiting.code, 'the engine waits', engine.waiting.nodes);
  const obstacle = parts.greeting.clockObstacle(now);
  if (obstacle === 'CLOCK_SKEWED') add('CLOCK_SKEWED', "the clock is too far from the members'");
  // An engine that says nothing while there is nothing to order does not know who is there.
  if (engine && obstacle === 'NO_QUORUM' && engine.waiting?.code !== 'NO_QUORUM')
    add('NO_QUORUM', 'too few validators are heard', parts.greeting.silent(now));
  if (parts.production.isSealsMissing) add('SEALS_MISSING', 'too many blocks lack certificates', sealing.missing);
  if (parts.isHandingOver)
    add('CONFIGURATION_UNCERTIFIED', 'the next configuration waits for the certificate of a block', sealing.missing);
  if (follow.damaged.size > 0) add('BLOCKS_DAMAGED', `${follow.damaged.size} blocks are to be fetched again`);
  return conditions;
}
