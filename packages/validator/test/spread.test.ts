import type { PublicKeyHex, TransactionId } from '@varve/encoding';
import { fromHex, toHex } from '@varve/encoding';
import type { Ledger } from '@varve/ledger/chain';
import { expect, it } from 'vitest';
import { OFFER_LOOK_UPS_MAX } from '../src/limits.ts';
import type { Outbox } from '../src/outbox.ts';
import type { Peers } from '../src/peers.ts';
import type { Pool } from '../src/pool.ts';
import { Spread } from '../src/spread.ts';

const idOf = (first: string, number: number) => `${first}${number.toString(16).padStart(63, '0')}` as TransactionId;

it('wants of an offer what it does not know, and looks few up', () => {
  const lookedUp: TransactionId[] = [];
  const wanted: string[][] = [];
  const pool = { get: (id: TransactionId) => (id.startsWith('b') ? {} : undefined) } as unknown as Pool;
  const ledger = {
    tip: { header: { time: 1000 } },
    mayHold: ({ id }: { id: TransactionId }) => id.startsWith('c') || id.startsWith('d'),
    place: (id: TransactionId) => {
      lookedUp.push(id);
      return id.startsWith('c') ? { height: 1, leafIndex: 0 } : undefined;
    },
  } as unknown as Ledger;
  const outbox = {
    send: (_: PublicKeyHex, message: { ids: Uint8Array[] }) => wanted.push(message.ids.map(toHex)),
  } as unknown as Outbox;
  const spread = new Spread(pool, ledger, {} as Peers, outbox, () => false);
  const offer = (...ids: TransactionId[]) => spread.offered('peer' as PublicKeyHex, ids.map(fromHex));
  const [fresh, waiting, executed, alike] = ['a', 'b', 'c', 'd'].map((first) => idOf(first, 1)) as [
    TransactionId,
    TransactionId,
    TransactionId,
    TransactionId,
  ];

  offer(fresh, waiting, executed, alike);
  expect(wanted).toEqual([[fresh, alike]]);
  expect(lookedUp).toEqual([executed, alike]);
  offer(waiting, executed);
  expect(wanted).toHaveLength(1);

  lookedUp.length = 0;
  const many = Array.from({ length: 100 }, (_, i) => idOf('c', i));
  offer(...many, alike, fresh);
  expect(wanted.at(-1)).toEqual([fresh]);
  expect(lookedUp).toEqual(many.slice(0, OFFER_LOOK_UPS_MAX));
});
