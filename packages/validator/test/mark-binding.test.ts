import { type InstanceId, publicKeyHex, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { bindMark } from '../src/mark-binding.ts';
import { readVoteRecord, VoteRight } from '../src/observer-only.ts';
import { Outbox } from '../src/outbox.ts';
import { instanceUnder } from '../src/stored-instance.ts';
import { Cluster } from './cluster.ts';

const mark = { code: 'JOURNAL_GAP', reason: 'batches 3 to 3 are missing' } as const;

describe('a mark found at a start', () => {
  const cluster = new Cluster({ validators: 3 }).start();
  const node = cluster.node(0);
  const ledger = (node.validator as NonNullable<typeof node.validator>).ledger;
  const spoken = instanceUnder(ledger, ledger.ruling);
  const ownKey = publicKeyHex(toHex(node.signer.publicKey));

  it('is bound to the key of the seat under which the store spoke last', () => {
    const bound = bindMark({ ledger, observerOnly: mark, markedIn: spoken }, node.networkKey);
    expect(bound).toEqual({ ...mark, signingKey: ownKey });
  });

  it('is bound to no key where the store never had a seat', () => {
    const bound = bindMark({ ledger, observerOnly: mark, markedIn: spoken }, publicKeyHex('ee'.repeat(32)));
    expect(bound).toEqual({ ...mark, signingKey: null });
  });

  it('waits for the configuration under which the store spoke where its chain lacks it', () => {
    const markedIn = 'ff'.repeat(32) as InstanceId;
    expect(bindMark({ ledger, observerOnly: mark, markedIn }, node.networkKey)).toEqual({ ...mark, spokeIn: markedIn });
  });

  it('stays what it was at every later start', () => {
    const old = { ...mark, signingKey: publicKeyHex('dd'.repeat(32)) };
    expect(bindMark({ ledger, observerOnly: old, markedIn: undefined }, node.networkKey)).toEqual(old);
  });

  it('that waits for a configuration binds the seat there, and no seat is free before', () => {
    const [before, then, later] = ['aa', 'bb', 'cc'].map((byte) => ({
      ...(ledger.configuration.validators[0] as NonNullable<(typeof ledger.configuration.validators)[0]>),
      signingKey: publicKeyHex(byte.repeat(32)),
    }));
    const spokeIn = 'ff'.repeat(32) as InstanceId;
    const start = (found: ConstructorParameters<typeof VoteRight>[3]) =>
      new VoteRight(ledger.records, new Outbox(), () => 7, found);
    const first = start({ ...mark, spokeIn });
    first.take(before, before, spoken);
    expect(first.lost).toEqual({ ...mark, spokeIn });
    const again = start(readVoteRecord(ledger.records)?.mark);
    again.take(undefined, then, spokeIn);
    expect(again.lost).toMatchObject({ signingKey: then?.signingKey });
    const last = start(readVoteRecord(ledger.records)?.mark);
    last.take(then, then, spoken);
    expect(last.lost).toMatchObject({ spokeIn, signingKey: then?.signingKey });
    last.take(later, later, spoken);
    expect(last.lost).toBeUndefined();
    expect(readVoteRecord(ledger.records)).toMatchObject({ freedAt: 7 });
  });
});
