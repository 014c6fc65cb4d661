import type { ValidatorMember } from '@varve/consensus';
import {
  CborReader,
  encodeCbor,
  fromHex,
  type InstanceId,
  type PublicKeyHex,
  publicKeyHex,
  toHex,
} from '@varve/encoding';
import { metaKey, type RecordStore } from '@varve/ledger/chain';
import type { Outbox } from './outbox.ts';

const CODES = ['ENGINE_RECORD_DAMAGED', 'JOURNAL_GAP', 'STORE_ROLLED_BACK', 'BLOCKS_LOST'] as const;

/** Why a validator must not vote, seal or acknowledge any more: its memory of what it said may have holes. */
export interface ObserverOnly {
  readonly code: (typeof CODES)[number];
  readonly reason: string;
  /**
   * What was forgotten was said with this key; a seat with another one may vote. `null` where nothing was ever said;
   * absent where that is not known yet.
   */
  readonly signingKey?: PublicKeyHex | null;
  /** The store spoke last in this instance, which its chain has not come to again: the seat there is the one bound. */
  readonly spokeIn?: InstanceId;
}

/** Where the mark stands: it outlives the records that gave rise to it. */
const KEY = metaKey('observer-only');

/** What a store says of its validator's right to vote. */
interface VoteRecord {
  readonly mark: ObserverOnly;
  /** A new key has the seat: journal entries up to this number say nothing of it. Absent while the mark holds. */
  readonly freedAt?: number;
}

/** Remembers in the store whether its validator may vote. */
function writeVoteRecord(records: RecordStore, { mark, freedAt }: VoteRecord): void {
  const key = mark.signingKey === undefined ? null : fromHex(mark.signingKey ?? '');
  records.put(
    KEY,
    encodeCbor([mark.code, mark.reason, key, freedAt ?? null, mark.spokeIn ? fromHex(mark.spokeIn) : null]),
  );
}

/** What the store remembers; `undefined` where nothing was ever forgotten. */
export function readVoteRecord(records: RecordStore): VoteRecord | undefined {
  const body = records.get(KEY);
  if (body === undefined) return undefined;
  const reader = new CborReader(body);
  // The last one came later.
  const items = reader.array();
  const text = reader.text();
  const code = CODES.find((one) => one === text) ?? 'ENGINE_RECORD_DAMAGED';
  const reason = reader.text();
  const key = reader.nullable((inner) => inner.byteString());
  const freedAt = reader.nullable((inner) => inner.uint()) ?? undefined;
  const spokeIn = items > 4 ? reader.nullable((inner) => toHex(inner.byteString(32)) as InstanceId) : null;
  const mark = {
    code,
    reason,
    ...(spokeIn && { spokeIn }),
    ...(key && { signingKey: key.length === 0 ? null : publicKeyHex(toHex(key)) }),
  } as const;
  return { mark, ...(freedAt !== undefined && { freedAt }) };
}

/** Whether this node may vote, from one seat to the next. */
export class VoteRight {
  readonly #records: RecordStore;
  readonly #outbox: Outbox;
  readonly #journalNumber: () => number;
  #mark: ObserverOnly | undefined;

  /** @param journalNumber - Of the newest journal entry. */
  constructor(records: RecordStore, outbox: Outbox, journalNumber: () => number, mark: ObserverOnly | undefined) {
    this.#records = records;
    this.#outbox = outbox;
    this.#journalNumber = journalNumber;
    this.#mark = mark;
    if (mark) writeVoteRecord(records, { mark });
  }

  /** Why it must not; `undefined` where it may. */
  get lost(): ObserverOnly | undefined {
    return this.#mark;
  }

  /** Memory of what `seat` said turned out to have holes. */
  lose(mark: ObserverOnly, seat: ValidatorMember | undefined): void {
    this.#mark = mark;
    writeVoteRecord(this.#records, { mark });
    this.#outbox.log('error', mark.code, { reason: mark.reason });
    this.take(seat);
  }

  /**
   * This node has a seat that it can take, or none. A new key is not bound by what was said with another.
   * @param named - The seat that names this node, with whatever key.
   */
  take(seat: ValidatorMember | undefined, named: ValidatorMember | undefined = seat, instance?: InstanceId): void {
    this.#bind(seat, named, instance);
    const mark = this.#mark;
    if (mark?.signingKey === undefined || seat === undefined || mark.signingKey === seat.signingKey) return;
    this.#mark = undefined;
    writeVoteRecord(this.#records, { mark, freedAt: this.#journalNumber() });
    this.#outbox.log('info', 'SEATED_AGAIN', { validator: seat.name });
  }

  #bind(seat: ValidatorMember | undefined, named: ValidatorMember | undefined, instance: InstanceId | undefined): void {
    const mark = this.#mark;
    if (mark === undefined || mark.signingKey !== undefined) return;
    if (mark.spokeIn === undefined ? seat === undefined : mark.spokeIn !== instance) return;
    const spoke = mark.spokeIn === undefined ? seat : named;
    this.#mark = { ...mark, signingKey: spoke?.signingKey ?? null };
    writeVoteRecord(this.#records, { mark: this.#mark });
  }
}
