import { encodeCbor, publicKeyHex } from '@varve/encoding';
import { type Ledger, RecordDamaged } from '@varve/ledger/chain';
import { expect, it } from 'vitest';
import { admittedPeers } from '../../src/host/admitted-peers.ts';

const [configured, seated, stranger] = ['aa', 'bb', 'cc'].map((pair) => publicKeyHex(pair.repeat(32))) as [
  ReturnType<typeof publicKeyHex>,
  ReturnType<typeof publicKeyHex>,
  ReturnType<typeof publicKeyHex>,
];
/** No node is registered; one key had a seat. */
const ledgerWith = (get: Ledger['get']): Ledger =>
  ({ get, configurations: { hasSeated: (key: string) => key === seated } }) as unknown as Ledger;

it('admits the configured and whoever had a seat', () => {
  const isAdmitted = admittedPeers(
    ledgerWith(() => undefined),
    new Set([configured]),
    () => undefined,
  );
  expect([configured, seated, stranger].map(isAdmitted)).toEqual([true, true, false]);
});

it('admits registered nodes until they are revoked, whatever seat they had', () => {
  const registered = (revoked: boolean) =>
    admittedPeers(
      ledgerWith(() => ({ version: 0, modifiedHeight: 1, bytes: encodeCbor(['n', 'o', revoked]) })),
      new Set(),
      () => undefined,
    );
  expect([seated, stranger].map(registered(false))).toEqual([true, true]);
  expect([seated, stranger].map(registered(true))).toEqual([false, false]);
});

it('lets nobody in and says why where the record cannot be read', () => {
  const told: string[] = [];
  const ledger = ledgerWith((_module, key) => {
    throw new RecordDamaged(key);
  });
  const isAdmitted = admittedPeers(ledger, new Set([configured]), (code) => told.push(code));
  expect([isAdmitted(configured), isAdmitted(seated)]).toEqual([true, false]);
  expect(told).toEqual(['RECORD_DAMAGED']);
});
