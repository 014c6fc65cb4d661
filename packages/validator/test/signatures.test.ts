import { VerdictCache } from '@varve/crypto';
import { type PublicKeyHex, utf8Encode } from '@varve/encoding';
import { decodeTransaction, encodePayload, payloadIdOf, type Transaction } from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { AdmissionDesk } from '../src/admission.ts';
import { Outbox } from '../src/outbox.ts';
import { Pool } from '../src/pool.ts';
import { PayloadVerifier } from '../src/signatures.ts';
import { Cluster, START } from './cluster.ts';

const NOW = { monotonic: 0, wall: START };
const REQUEST = 7;

/** Admission and payloads of one validator, with all that they ask to have judged. */
function desk(transactions: number, isGood = true) {
  const cluster = new Cluster({ validators: 1 }).start();
  const ledger = cluster.nodes[0]?.validator?.ledger;
  if (ledger === undefined) throw new TypeError('a node was started');
  const outbox = new Outbox();
  const pool = new Pool({ transactions: 100, bytes: 100_000, transactionsPerAccount: 100 }, '5a17'.repeat(8));
  const judged: string[] = [];
  const verifier = new PayloadVerifier(
    pool,
    new VerdictCache(100),
    () => {
      judged.push('on the spot');
      return isGood;
    },
    outbox,
  );
  const admission = new AdmissionDesk(ledger, pool, verifier, outbox, { admitted: () => undefined });
  const made = Array.from({ length: transactions }, (_, i) =>
    cluster.transaction([{ module: 'coordination', method: 'create', arguments: [`/n${i}`, utf8Encode('v')] }]),
  );
  const payloadOf = (chosen: readonly Transaction[]) => {
    const epoch = { number: 1, node: cluster.nodes[0]?.name as never };
    const bytes = encodePayload({ index: 1, epoch, time: START, transactions: chosen.map((one) => one.bytes) });
    return { id: payloadIdOf(bytes), bytes };
  };
  return { outbox, pool, verifier, admission, made, judged, payloadOf };
}

const bytesOf = (transactions: readonly Transaction[]) => transactions.map(({ bytes }) => bytes);

describe('a signature', () => {
  it('is judged once when a payload comes while its transactions are at admission', () => {
    const { outbox, pool, verifier, admission, made, judged, payloadOf } = desk(3);
    const [a, b, c] = made as [Transaction, Transaction, Transaction];
    admission.receive(undefined, bytesOf([a, b]), NOW);
    const [first] = outbox.take().verify;
    expect(first?.items).toHaveLength(2);
    const payload = payloadOf([a, b, c]);
    verifier.prepare(payload.id, payload.bytes);
    const [second] = outbox.take().verify;
    expect(second?.items.map(({ signature }) => signature)).toEqual([c.signature]);
    expect(verifier.verified(second?.job ?? 0, [true])).toBe(true);
    expect(verifier.isUnderway(payload.id)).toBe(true);
    expect(admission.verified(first?.job ?? 0, [true, true], NOW)).toBe(true);
    expect(verifier.isUnderway(payload.id)).toBe(false);
    for (const transaction of made) expect(verifier.isSigned(transaction)).toBe(true);
    expect(judged).toEqual([]);
    expect(pool.size).toBe(2);
  });

  it('is judged once when transactions come while their payload is being judged, or after', () => {
    const { outbox, pool, verifier, admission, made, payloadOf } = desk(3);
    const [a, b, c] = made as [Transaction, Transaction, Transaction];
    const payload = payloadOf([a, b, c]);
    verifier.prepare(payload.id, payload.bytes);
    const [job] = outbox.take().verify;
    admission.submit(REQUEST, bytesOf([a, b, a]), NOW);
    const meanwhile = outbox.take();
    expect([meanwhile.verify, meanwhile.answers]).toEqual([[], []]);
    expect(verifier.verified(job?.job ?? 0, [true, false, true])).toBe(true);
    const [answer] = outbox.take().answers;
    expect(answer).toMatchObject({
      request: REQUEST,
      admissions: [
        { admitted: true, id: a.id, known: false },
        { admitted: false, id: b.id, code: 'SIGNATURE_INVALID' },
        { admitted: true, id: a.id, known: true },
      ],
    });
    admission.receive(undefined, bytesOf([c]), NOW);
    expect(outbox.take().verify).toEqual([]);
    expect([...pool.all()].map(({ transaction }) => transaction.id)).toEqual([a.id, c.id]);
  });

  it('that the stricter rule of admission refuses is judged again for the payload', () => {
    const { outbox, pool, verifier, admission, made, judged, payloadOf } = desk(1);
    const [a] = made as [Transaction];
    admission.receive(undefined, bytesOf([a]), NOW);
    const [job] = outbox.take().verify;
    const payload = payloadOf([a]);
    verifier.prepare(payload.id, payload.bytes);
    expect(outbox.take().verify).toEqual([]);
    expect(verifier.isUnderway(payload.id)).toBe(true);
    admission.verified(job?.job ?? 0, [false], NOW);
    expect(verifier.isUnderway(payload.id)).toBe(false);
    expect(pool.size).toBe(0);
    expect(verifier.isSigned(a)).toBe(true);
    expect(judged).toEqual(['on the spot']);
  });

  it('that only the stricter rule refuses is no lie of the sender; one that no rule accepts is', () => {
    for (const isGood of [true, false]) {
      const { outbox, pool, admission, made } = desk(1, isGood);
      const sender = 'a'.repeat(64) as PublicKeyHex;
      admission.receive(sender, bytesOf(made), NOW);
      const [job] = outbox.take().verify;
      admission.verified(job?.job ?? 0, [false], NOW);
      expect(outbox.take().misbehaved.map(({ peer }) => peer)).toEqual(isGood ? [] : [sender]);
      expect(pool.size).toBe(0);
    }
  });

  it('of many bad ones in a message is judged again only a few times', () => {
    for (const isGood of [true, false]) {
      const { outbox, admission, made, judged } = desk(20, isGood);
      admission.receive('a'.repeat(64) as PublicKeyHex, bytesOf(made), NOW);
      const [job] = outbox.take().verify;
      const bad = made.map(() => false);
      admission.verified(job?.job ?? 0, bad, NOW);
      expect(judged).toHaveLength(isGood ? 4 : 1);
      expect(outbox.take().misbehaved).toHaveLength(isGood ? 0 : 1);
    }
  });

  it('is no other that stands on the same transaction: what waits here vouches for its own bytes alone', () => {
    const { outbox, verifier, admission, pool, made, judged, payloadOf } = desk(1, false);
    const [a] = made as [Transaction];
    admission.receive(undefined, bytesOf([a]), NOW);
    const [first] = outbox.take().verify;
    admission.verified(first?.job ?? 0, [true], NOW);
    const forged = decodeTransaction(a.bytes.with(-1, (a.bytes.at(-1) as number) ^ 1));
    expect(forged.id).toBe(a.id);
    const payload = payloadOf([a, forged]);
    verifier.prepare(payload.id, payload.bytes);
    const [second] = outbox.take().verify;
    expect(second?.items.map(({ signature }) => signature)).toEqual([forged.signature]);
    verifier.verified(second?.job ?? 0, [false]);
    expect([verifier.isSigned(a), verifier.isSigned(forged)]).toEqual([true, false]);
    expect(judged).toEqual([]);
    // Whatever left the pool meanwhile is judged again.
    pool.remove(a.id);
    expect(verifier.isSigned(a)).toBe(false);
    expect(judged).toEqual(['on the spot']);
  });

  it('is forgotten once its payload is executed', () => {
    const { outbox, verifier, made, judged, payloadOf } = desk(2);
    const payload = payloadOf(made);
    verifier.prepare(payload.id, payload.bytes);
    const [job] = outbox.take().verify;
    verifier.verified(job?.job ?? 0, [true, true]);
    verifier.executed(payload.id, [made[0], undefined]);
    for (const transaction of made) verifier.isSigned(transaction);
    expect(judged).toEqual(['on the spot']);
  });
});
