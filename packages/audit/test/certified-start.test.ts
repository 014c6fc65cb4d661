import { verifySignature } from '@varve/crypto';
import { fromHex, utf8Encode } from '@varve/encoding';
import { decodeStateEntry, encodeConfiguration, encodeStateEntry } from '@varve/ledger';
import {
  certificateKey,
  configurationKey,
  headerKey,
  indexKey,
  RECORD_KIND,
  TIP_KEY,
  unchecked,
  undoKey,
} from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import { describe, expect, it } from 'vitest';
import { type MemoryStore, SMALL_INDEX } from '../../ledger/test/harness.ts';
import { Auditor, claimOf, type Finding, keptIn, StoreCheck, startAtCertified, storedBlock } from '../src/index.ts';
import {
  AUDIT_SECRET,
  certificateBy,
  copyOf,
  create,
  genesis,
  PlantedChain,
  plant,
  plantedChain,
  put,
  signed,
  stateRecord,
  THREE,
} from './planted-chain.ts';

const surroundings = { genesis, modules: builtinModules(), accounts: accountDirectory };
const whole = plantedChain();

/** Audits a store from a certified height on. */
function auditFrom(store: MemoryStore, at: number): { findings: readonly Finding[]; executed: number } {
  const tip = keptIn(store, TIP_KEY);
  const claim = typeof tip === 'string' ? undefined : claimOf(tip);
  const tipHeight = claim?.height ?? 0;
  const records = [...store.records].map(([key, record]) => [fromHex(key), record] as const);
  const state = records.filter(([key]) => key[0] === RECORD_KIND.state);
  const start = startAtCertified({ ...surroundings, store, tipHeight, state, isSigned: verifySignature }, at);
  const auditor = new Auditor({ ...surroundings, derived: store, claim, start, index: SMALL_INDEX });
  for (let height = at + 1; height <= tipHeight; height++) auditor.next(storedBlock(store, height));
  auditor.end();
  const check = new StoreCheck(auditor, AUDIT_SECRET);
  for (const [key, record] of records) check.add(key, record);
  check.end();
  return { findings: auditor.findings.list, executed: auditor.counts.blocks };
}

describe('an audit from a certified block', () => {
  it.each([1, 4, 5, 6, 8, 9])('at height %i finds a whole copy clean', (at) => {
    expect(auditFrom(whole.store, at)).toEqual({ findings: [], executed: 9 - at });
  });

  it('knows what was executed below, so that a replay is found', () => {
    const chain = new PlantedChain();
    const once = signed([create('/once')]);
    chain.add([once], [signed([create('/two')])]).liar([once]);
    expect(auditFrom(chain.store, 2).findings).toContainEqual(
      expect.objectContaining({ code: 'TRANSACTION_REPLAYED', height: 3 }),
    );
  });

  it.each<[string, (store: MemoryStore) => void]>([
    [
      'a value',
      (store) =>
        plant(store, stateRecord(store, '/a3'), (entry) =>
          encodeStateEntry({ ...decodeStateEntry(entry), bytes: utf8Encode('other') }),
        ),
    ],
    ['a certificate', (store) => plant(store, certificateKey(6), (bytes) => bytes.slice(0, -1))],
    ['a forged certificate of a change', (store) => plant(store, certificateKey(5), () => bad(store))],
    [
      'the configuration',
      (store) =>
        put(
          store,
          configurationKey(5),
          encodeConfiguration({ ...whole.ledger.configurations.newest.configuration, protocol: 'zab' }),
        ),
    ],
    ['a header below', (store) => plant(store, headerKey(2), (bytes) => bytes.slice(0, -1))],
    ['an outcome within the replay window', (store) => plant(store, indexKey(4), (bytes) => bytes.slice(0, -1))],
    ['what a block replaced', (store) => store.damage(undoKey(8))],
  ])('is not begun where %s is not right', (_, change) => {
    const store = copyOf(whole.store);
    change(store);
    expect(() => auditFrom(store, 6)).toThrow('AUDIT_START_UNPROVEN');
  });

  describe('far above the window', () => {
    const chain = new PlantedChain();
    for (let i = 0; i < 8; i++) {
      const time = chain.ledger.tip.header.time + 400_000;
      const { sealed } = chain.block([signed([create(`/a${i}`)], time), signed([create(`/b${i}`)], time)], time);
      chain.ledger.certify(certificateBy(sealed, THREE));
      chain.flush();
    }
    const changed = (change: (store: MemoryStore) => void) => {
      const store = copyOf(chain.store);
      change(store);
      return auditFrom(store, 7).findings.map(({ code, height }) => `${code} ${height ?? '-'}`);
    };

    it('finds a whole copy clean', () => expect(changed(() => undefined)).toEqual([]));

    it('misses outcomes of blocks below, and holds them against the headers', () => {
      const key = indexKey(1);
      expect(changed((store) => store.write([{ key, value: undefined }]))).toEqual(['RECORD_MISSING 1']);
      const of2 = unchecked(indexKey(2), chain.store.get(indexKey(2)) as Uint8Array);
      expect(changed((store) => plant(store, key, () => of2))).toContain('OUTCOME_CHANGED 1');
      expect(changed((store) => plant(store, key, () => Uint8Array.of(0x80)))).toContain('RECORD_WRONG 1');
    });
  });
});

/** A certificate of block 6 in the place of that of block 5. */
function bad(store: MemoryStore): Uint8Array {
  const other = keptIn(store, certificateKey(6));
  return typeof other === 'string' ? new Uint8Array() : other;
}
