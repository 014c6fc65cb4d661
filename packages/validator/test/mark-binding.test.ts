import { type InstanceId, publicKeyHex, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { bindMark } from '../src/mark-binding.ts';
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

  it('stays open, and so binds the next seat, where the store spoke under a configuration that its chain lacks', () => {
    const markedIn = 'ff'.repeat(32) as InstanceId;
    expect(bindMark({ ledger, observerOnly: mark, markedIn }, node.networkKey)).toEqual(mark);
  });

  it('stays what it was at every later start', () => {
    const old = { ...mark, signingKey: publicKeyHex('dd'.repeat(32)) };
    expect(bindMark({ ledger, observerOnly: old, markedIn: undefined }, node.networkKey)).toEqual(old);
  });
});
