import type { Payload } from '@varve/consensus';
import type { InstanceId, NodeId, PayloadId, PublicKeyHex } from '@varve/encoding';
import { decodePayload, encodePayload, LedgerError, type PayloadContent, payloadIdOf } from '@varve/ledger';
import { Dice } from '../world/dice.ts';
import type { Proposal } from './voice.ts';

/** Heights that liars remember. */
const HEIGHTS_MAX = 4;
/** How often the other story is one that no correct validator may believe. */
const INVALID_SHARE = 0.3;
const HOUR_MS = 3_600_000;
/** How often everybody hears the other story of a height, so that only its own faults can refute it. */
const ALL_SHARE = 0.2;

/** What liars know of one height. */
interface Known {
  readonly payloads: Map<PayloadId, Payload>;
  /** The other story for each payload that a liar proposed. */
  readonly others: Map<PayloadId, Proposal>;
  readonly sides: Map<PublicKeyHex, boolean>;
}

/** What all liars of a world share: who is told which story, and what there is to be told. */
export class Plot {
  readonly #seed: number;
  readonly #voters: readonly NodeId[];
  readonly #heights = new Map<number, Known>();
  /** Where the newest frame stood. */
  height = 1;
  round = 0;
  instance: InstanceId | undefined;

  /** @param voters - In name order. */
  constructor(seed: number, voters: readonly NodeId[]) {
    this.#seed = seed;
    this.#voters = voters;
  }

  get voters(): readonly NodeId[] {
    return this.#voters;
  }

  /** Votes of more than two thirds. */
  get quorum(): number {
    return Math.floor((2 * this.#voters.length) / 3) + 1;
  }

  proposerOf(height: number, round: number): NodeId {
    return this.#voters[(height - 1 + round) % this.#voters.length] as NodeId;
  }

  /** Something was said at this place. */
  note(instance: InstanceId, height: number, round: number): void {
    this.instance = instance;
    if (height < this.height) return;
    this.round = height > this.height ? round : Math.max(round, this.round);
    this.height = height;
  }

  /** A payload was proposed. */
  learn(height: number, payload: Payload): void {
    if (payload.bytes.length > 0) this.#at(height).payloads.set(payload.id, payload);
  }

  payloadsAt(height: number): readonly Payload[] {
    return [...(this.#heights.get(height)?.payloads.values() ?? [])];
  }

  /** Whether `peer` hears the other story of this height. All liars tell it the same. */
  isOther(height: number, peer: PublicKeyHex): boolean {
    const { sides } = this.#at(height);
    const known =
      sides.get(peer) ??
      (new Dice(`sides ${this.#seed} ${height}`).chance(ALL_SHARE) ||
        new Dice(`side ${this.#seed} ${height} ${peer}`).chance(0.5));
    sides.set(peer, known);
    return known;
  }

  /** The story for the other side, if `id` is one that a liar proposed. */
  otherOf(height: number, id: PayloadId): PayloadId | undefined {
    return this.#heights.get(height)?.others.get(id)?.payload.id;
  }

  /** Another proposal for the same place: with another payload, or a round that it was never valid in. */
  otherThan(proposal: Proposal): Proposal {
    const { height, payload } = proposal;
    const { others } = this.#at(height);
    const other = others.get(payload.id) ?? this.#invent(proposal);
    others.set(payload.id, other);
    this.learn(height, other.payload);
    return { ...other, round: proposal.round };
  }

  /** A payload for any place, out of one that there is. */
  payloadFor(proposal: Pick<Proposal, 'height' | 'epoch' | 'payload'>, dice: Dice): Payload | undefined {
    const content = contentOf(proposal.payload);
    if (content === undefined) return undefined;
    const placed = { ...content, index: proposal.height, epoch: proposal.epoch };
    return payloadOf(dice.chance(INVALID_SHARE) ? invalid(placed, dice) : { ...placed, time: placed.time + 1 });
  }

  #invent(proposal: Proposal): Proposal {
    const { height, round, voter } = proposal;
    const dice = new Dice(`other ${this.#seed} ${height} ${round} ${voter}`);
    // Now and then of an earlier round, with a polka that never was.
    const validRound = round > 0 && dice.chance(0.3) ? dice.between(0, round - 1) : null;
    const from = validRound ?? round;
    const epoch = { number: from + 1, node: this.proposerOf(height, from) };
    const payload = this.payloadFor({ height, epoch, payload: proposal.payload }, dice);
    return payload ? { ...proposal, validRound, epoch, payload } : proposal;
  }

  #at(height: number): Known {
    const known = this.#heights.get(height) ?? { payloads: new Map(), others: new Map(), sides: new Map() };
    this.#heights.set(height, known);
    for (const old of this.#heights.keys()) if (old <= this.height - HEIGHTS_MAX) this.#heights.delete(old);
    return known;
  }
}

/** What no correct validator may vote for. */
function invalid(content: PayloadContent, dice: Dice): PayloadContent {
  switch (dice.between(0, 4)) {
    case 0:
      return { ...content, time: content.time + HOUR_MS };
    case 1:
      return { ...content, index: content.index + 1 };
    case 2:
      return { ...content, epoch: { ...content.epoch, number: content.epoch.number + 1 } };
    case 3:
      return { ...content, transactions: spoiled(content.transactions, dice) };
    default:
      return { ...content, transactions: [] };
  }
}

/** Transactions, one of which is none, or has a signature that is not its own. */
function spoiled(transactions: readonly Uint8Array[], dice: Dice): readonly Uint8Array[] {
  const [first, ...others] = transactions;
  if (first === undefined || dice.chance(0.5)) return [...transactions, dice.bytes(40)];
  const other = first.slice();
  // A transaction ends with its signature.
  other[other.length - 1] = (other.at(-1) as number) ^ 1;
  return [other, ...others];
}

function contentOf(payload: Payload): PayloadContent | undefined {
  try {
    return decodePayload(payload.bytes);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function payloadOf(content: PayloadContent): Payload {
  const bytes = encodePayload(content);
  return { id: payloadIdOf(bytes), bytes };
}
