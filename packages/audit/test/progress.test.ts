import { fromHex } from '@varve/encoding';
import { certificateKey, indexKey, TIP_KEY } from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import { describe, expect, it } from 'vitest';
import { type MemoryStore, SMALL_INDEX } from '../../ledger/test/harness.ts';
import { Auditor, claimOf, decodeProgress, encodeProgress, keptIn, StoreCheck, storedBlock } from '../src/index.ts';
import {
  AUDIT_SECRET,
  certificateBy,
  copyOf,
  genesis,
  plant,
  plantCertificate,
  plantedChain,
  THREE,
} from './planted-chain.ts';

const surroundings = { modules: builtinModules(), accounts: accountDirectory };
const whole = plantedChain();

/** Audits a store, and begins anew from a progress file after each of `pauses`. */
function auditInParts(store: MemoryStore, pauses: ReadonlySet<number>) {
  const tip = keptIn(store, TIP_KEY);
  const claim = typeof tip === 'string' ? undefined : claimOf(tip);
  let start: ReturnType<typeof decodeProgress> | undefined;
  let auditor = new Auditor({ genesis, ...surroundings, derived: store, claim, index: SMALL_INDEX });
  for (let height = 1; height <= (claim?.height ?? 0); height++) {
    auditor.next(storedBlock(store, height));
    if (!pauses.has(height) || !auditor.canPause) continue;
    start = decodeProgress(encodeProgress(auditor), genesis, surroundings);
    auditor = new Auditor({ genesis, ...surroundings, derived: store, claim, start, index: SMALL_INDEX });
    expect(auditor.height).toBe(height);
  }
  auditor.end();
  const check = new StoreCheck(auditor, AUDIT_SECRET);
  for (const [key, record] of store.records) check.add(fromHex(key), record);
  check.end();
  const { findings, counts, replay, notJudged } = auditor;
  return { findings: findings.list, counts, notJudged, root: replay.stateRoot, tip: replay.ledger.tip.hash };
}

const every = new Set(Array.from({ length: 9 }, (_, i) => i + 1));

describe('a progress file', () => {
  it('at any height leads to what an audit without a pause finds, faults before it included', () => {
    const faulty = copyOf(whole.store);
    plantCertificate(faulty, certificateBy(whole.ledger.tip, THREE.slice(0, 1)));
    plant(faulty, certificateKey(2), (bytes) => bytes.slice(0, -1));
    plant(faulty, indexKey(3), (bytes) => bytes.slice(0, -1));
    for (const store of [whole.store, faulty]) {
      const expected = auditInParts(store, new Set());
      for (const pause of every) expect(auditInParts(store, new Set([pause]))).toEqual(expected);
      expect(auditInParts(store, every)).toEqual(expected);
    }
  });

  it('is refused with any byte changed or missing', () => {
    const auditor = new Auditor({ genesis, ...surroundings, derived: whole.store, index: SMALL_INDEX });
    for (const height of [1, 2, 3]) auditor.next(storedBlock(whole.store, height));
    const bytes = encodeProgress(auditor);
    for (let at = 0; at < bytes.length; at += 97) {
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ 16;
      expect(() => decodeProgress(copy, genesis, surroundings)).toThrow('AUDIT_PROGRESS_MALFORMED');
      expect(() => decodeProgress(bytes.slice(0, at), genesis, surroundings)).toThrow('AUDIT_PROGRESS_MALFORMED');
    }
    expect(() => decodeProgress(bytes, { ...genesis, title: 'other' }, surroundings)).toThrow('AUDIT_PROGRESS_FOREIGN');
  });
});
