import type { ValidatorMember } from '@varve/consensus';
import { CborReader, encodeCbor, fromHex, type PublicKeyHex, toHex } from '@varve/encoding';
import { metaKey, type RecordStore } from '@varve/ledger/chain';
import type { Outbox } from './outbox.ts';

/** Why a validator must not vote, seal or acknowledge any more: its memory of what it said may have holes. */
export interface ObserverOnly {
  readonly code: 'ENGINE_RECORD_DAMAGED' | 'JOURNAL_GAP' | 'STORE_ROLLED_BACK';
  readonly reason: string;
  /** What was forgotten was said with this key; a seat with another one may vote. Absent while no seat is known. */
  readonly signingKey?: PublicKeyHex;
}

/** Where the mark stands: it outlives the records that gave rise to it. */
const KEY = metaKey('observer-only');

/** Remembers in the store that its validator must not vote. */
export function markObserverOnly(records: RecordStore, mark: ObserverOnly): void {
  const key = mark.signingKey === undefined ? null : fromHex(mark.signingKey);
  records.put(KEY, encodeCbor([mark.code, mark.reason, key]));
}

/** The mark in a store. */
export function readMark(records: RecordStore): ObserverOnly | undefined {
  const body = records.get(KEY);
  if (body === undefined) return undefined;
  const reader = new CborReader(body);
  reader.array(3);
  const text = reader.text();
  const code = text === 'JOURNAL_GAP' || text === 'STORE_ROLLED_BACK' ? text : 'ENGINE_RECORD_DAMAGED';
  const reason = reader.text();
  const key = reader.nullable((inner) => inner.byteString(32));
  return { code, reason, ...(key && { signingKey: toHex(key) as PublicKeyHex }) };
}

/** Whether this node may vote, from one seat to the next. */
export class VoteRight {
  readonly #records: RecordStore;
  readonly #outbox: Outbox;
  #mark: ObserverOnly | undefined;

  constructor(records: RecordStore, outbox: Outbox, mark: ObserverOnly | undefined) {
    this.#records = records;
    this.#outbox = outbox;
    this.#mark = mark;
  }

  /** Why it must not; `undefined` where it may. */
  get lost(): ObserverOnly | undefined {
    return this.#mark;
  }

  /** Memory of what `seat` said turned out to have holes. */
  lose(mark: ObserverOnly, seat: ValidatorMember | undefined): void {
    this.#mark = mark;
    markObserverOnly(this.#records, mark);
    this.#outbox.log('error', mark.code, { reason: mark.reason });
    this.take(seat);
  }

  /** This node has a seat, or none. A new key is not bound by what was said with another. */
  take(seat: ValidatorMember | undefined): void {
    const mark = this.#mark;
    if (mark === undefined || seat === undefined) return;
    if (mark.signingKey === undefined) {
      this.#mark = { ...mark, signingKey: seat.signingKey };
      markObserverOnly(this.#records, this.#mark);
    } else if (mark.signingKey !== seat.signingKey) {
      this.#mark = undefined;
      this.#records.delete(KEY);
      this.#outbox.log('info', 'SEATED_AGAIN', { validator: seat.name });
    }
  }
}
