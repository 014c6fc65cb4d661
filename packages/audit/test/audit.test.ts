import { encodeCbor, fromHex, toHex, utf8Encode } from '@varve/encoding';
import {
  decodeHeader,
  decodeLeaf,
  decodePayload,
  decodeStateEntry,
  decodeTransaction,
  encodeConfiguration,
  encodeLeaf,
  encodeStateEntry,
  type Header,
  sealHeader,
} from '@varve/ledger';
import {
  certificateKey,
  configurationKey,
  decodeIndex,
  decodeTip,
  headerKey,
  heightOfKey,
  type IndexRecord,
  indexKey,
  metaKey,
  payloadKey,
  stateKey,
  TIP_KEY,
  unchecked,
  undoKey,
} from '@varve/ledger/chain';
import { describe, expect, it } from 'vitest';
import type { MemoryStore } from '../../ledger/test/harness.ts';
import {
  audit,
  certificateBy,
  copyOf,
  create,
  found,
  PlantedChain,
  plant,
  plantCertificate,
  plantedChain,
  put,
  REMOVED,
  signed,
  stateRecord,
  THREE,
} from './planted-chain.ts';

const encodeIndex = (timerEvents: IndexRecord['timerEvents'], leaves: IndexRecord['leaves']) =>
  encodeCbor([
    encodeCbor(timerEvents.map((event) => [event.module, event.topic, event.value])),
    leaves.map((entry) => [entry.payloadIndex, entry.leaf, entry.results]),
  ]);

describe('a whole chain', () => {
  it('is found to be whole, under Raft and Tendermint', () => {
    const { store } = plantedChain();
    const { auditor, findings } = audit(store);
    expect(findings).toEqual([]);
    expect(auditor.notJudged).toBeUndefined();
    expect(auditor.counts).toEqual({ blocks: 9, transactions: 17, skipped: 0, certificates: 9, certifiedHeight: 9 });
  });
});

const whole = plantedChain();
const tip = 9;
const headerIn = (store: MemoryStore, height: number) => decodeHeader(body(store, headerKey(height)));
const body = (store: MemoryStore, key: Uint8Array) => unchecked(key, store.get(key) as Uint8Array);
const payloadKeyAt = (store: MemoryStore, height: number) => payloadKey(headerIn(store, height).header.payloadHash);
const transactionsAt = (store: MemoryStore, height: number) =>
  decodePayload(body(store, payloadKeyAt(store, height))).transactions;
const idOf = (bytes: Uint8Array | undefined) => decodeTransaction(bytes as Uint8Array).id;
const remove = (store: MemoryStore, ...keys: Uint8Array[]) =>
  store.write(keys.map((key) => ({ key, value: undefined })));

/** Everything that a node keeps of a block. */
function dropBlock(store: MemoryStore, height: number): void {
  const { hash } = headerIn(store, height);
  const own = [headerKey(height), certificateKey(height), indexKey(height), undoKey(height), heightOfKey(hash)];
  remove(store, payloadKeyAt(store, height), ...own);
}

/** Rewrites a header of the chain, and everything above so that only what was changed is wrong. */
function forge(store: MemoryStore, height: number, change: Partial<Header>): void {
  const { header } = headerIn(store, height);
  put(store, headerKey(height), sealHeader({ ...header, ...change }).bytes);
}

/** A changed copy, and what is found in it. */
function planted(change: (store: MemoryStore) => void): string[] {
  const store = copyOf(whole.store);
  change(store);
  return found(store);
}

describe('a planted fault is found and named', () => {
  it('changed transaction', () => {
    const store = copyOf(whole.store);
    const changed = transactionsAt(store, 3)[1];
    plant(store, payloadKeyAt(store, 3), (payload) => {
      const copy = payload.slice();
      copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
      return copy;
    });
    const { findings, auditor } = audit(store);
    expect(findings.map(({ code, height, transaction }) => [code, height, transaction])).toEqual([
      ['TRANSACTION_CHANGED', 3, idOf(changed)],
      ['PAYLOAD_CHANGED', 3, null],
    ]);
    expect(auditor.notJudged).toMatchObject({ from: 3 });
  });

  it('changed outcome', () => {
    const store = copyOf(whole.store);
    plant(store, indexKey(2), (bytes) => {
      const { timerEvents, leaves } = decodeIndex(bytes);
      const [first, second] = leaves;
      if (!first || !second) throw new TypeError('two leaves');
      const leaf = decodeLeaf(second.leaf);
      const lie = encodeLeaf({ ...leaf, outcome: { ...leaf.outcome, code: 'OK', failedOperation: null } });
      return encodeIndex(timerEvents, [first, { ...second, leaf: lie }]);
    });
    const id = idOf(transactionsAt(store, 2)[1]);
    expect(audit(store).findings).toMatchObject([{ code: 'OUTCOME_CHANGED', height: 2, transaction: id }]);
    expect(audit(store).findings[0]?.text).toBe(
      'its outcome is kept as OK; execution gives NODE_EXISTS at operation 1',
    );
  });

  it('dropped block', () => {
    expect(planted((store) => dropBlock(store, 3))).toEqual(['BLOCK_MISSING 3']);
  });

  it('dropped last block of a configuration, without accusing those who seal after it', () => {
    expect(planted((store) => dropBlock(store, 5))).toEqual(['BLOCK_MISSING 5', 'CERTIFICATE_MISSING 5']);
    const store = copyOf(whole.store);
    dropBlock(store, 5);
    remove(store, configurationKey(5));
    const { auditor, findings } = audit(store);
    expect(findings.map(({ code }) => code)).toEqual(['BLOCK_MISSING']);
    expect(auditor.notJudged).toMatchObject({ from: 5, certificatesFrom: 6 });
  });

  it('dropped payload', () => {
    expect(planted((store) => remove(store, payloadKeyAt(store, 3)))).toEqual(['BLOCK_MISSING 3']);
  });

  it('swapped blocks', () => {
    const store = copyOf(whole.store);
    const [second, third] = [2, 3].map((at) => body(store, headerKey(at)));
    put(store, headerKey(2), third as Uint8Array);
    put(store, headerKey(3), second as Uint8Array);
    expect(audit(store).findings).toMatchObject([
      { code: 'BLOCK_MISPLACED', height: 2, text: 'other blocks stand at heights 2 to 3: 3 at 2, 2 at 3' },
    ]);
  });

  it.each([1, 7])('forged seal at height %i', (height) => {
    const store = copyOf(whole.store);
    plant(store, certificateKey(height), (bytes) => {
      const copy = bytes.slice();
      copy[copy.length - 5] = (copy.at(-5) as number) ^ 1;
      return copy;
    });
    expect(audit(store).findings).toMatchObject([{ code: 'SEAL_FORGED', height, validator: 'v3' }]);
  });

  it('seal by a removed validator', () => {
    const store = copyOf(whole.store);
    const { sealed } = { sealed: headerIn(store, 8) };
    plantCertificate(store, certificateBy(sealed, [...THREE.slice(0, 2), [2, REMOVED]]));
    expect(audit(store).findings).toMatchObject([{ code: 'SEAL_BY_NON_MEMBER', height: 8, validator: 'v5' }]);
  });

  it.each([
    [1, 2],
    [7, 2],
  ])('certificate below quorum at height %i', (height, seals) => {
    const codes = planted((store) =>
      plantCertificate(store, certificateBy(headerIn(store, height), THREE.slice(0, seals))),
    );
    expect(codes).toEqual([`CERTIFICATE_BELOW_QUORUM ${height}`]);
  });

  it('three of five, which are a quorum of four under Raft only in another configuration', () => {
    const other = certificateBy(headerIn(whole.store, 8), THREE);
    const codes = planted((store) =>
      plantCertificate(store, { ...other, configurationHash: headerIn(store, 1).header.configurationHash }),
    );
    expect(codes).toEqual(['CERTIFICATE_WRONG 8']);
  });

  it('missing certificates of the tip and of the last block of a configuration', () => {
    expect(planted((store) => remove(store, certificateKey(tip)))).toEqual(['CERTIFICATE_MISSING 9']);
    expect(planted((store) => remove(store, certificateKey(5)))).toEqual(['CERTIFICATE_MISSING 5']);
    expect(planted((store) => remove(store, certificateKey(7)))).toEqual([]);
  });

  it('replayed transaction', () => {
    const chain = new PlantedChain().grow(2);
    const again = transactionsAt(chain.store, 1)[0] as Uint8Array;
    chain.liar([signed([create('/new')]), again]);
    chain.grow(1);
    const findings = audit(chain.store).findings.map(({ code, height, transaction }) => [code, height, transaction]);
    expect(findings).toContainEqual(['TRANSACTION_REPLAYED', 3, idOf(again)]);
    expect(findings).toContainEqual(['TRANSACTIONS_ROOT_WRONG', 3, null]);
    expect(findings.filter(([, height]) => height === 4 || height === 2)).toEqual([]);
  });

  it('unsigned transaction', () => {
    const chain = new PlantedChain().grow(1);
    const bad = signed([create('/bad')]).slice();
    bad[bad.length - 1] = (bad.at(-1) as number) ^ 1;
    chain.liar([bad, signed([create('/new')])]);
    expect(audit(chain.store).findings).toContainEqual(
      expect.objectContaining({ code: 'TRANSACTION_INADMISSIBLE', height: 2, transaction: idOf(bad) }),
    );
  });

  it('wrong state value, also where it is added or missing', () => {
    const key = stateRecord(whole.store, '/a3');
    const wrong = planted((store) =>
      plant(store, key, (entry) => encodeStateEntry({ ...decodeStateEntry(entry), bytes: utf8Encode('other') })),
    );
    expect(wrong).toEqual(['STATE_WRONG 9']);
    expect(planted((store) => remove(store, key))).toEqual(['STATE_WRONG 9']);
    const added = stateKey('assets', utf8Encode('gold'));
    const entry = encodeStateEntry({ version: 0, modifiedHeight: 1, bytes: utf8Encode('1') });
    expect(planted((store) => put(store, added, entry))).toEqual(['STATE_WRONG 9']);
  });

  it('wrong state value in a copy whose blocks cannot all be executed', () => {
    const codes = planted((store) => {
      dropBlock(store, 3);
      plant(store, stateRecord(store, '/a3'), (entry) =>
        encodeStateEntry({ ...decodeStateEntry(entry), bytes: utf8Encode('other') }),
      );
    });
    expect(codes).toEqual(['BLOCK_MISSING 3', 'STATE_WRONG 9']);
  });

  it('wrong configuration', () => {
    const decoded = whole.ledger.configurations.newest.configuration;
    const other = encodeConfiguration({ ...decoded, protocol: 'raft' });
    expect(planted((store) => put(store, configurationKey(5), other))).toEqual(['CONFIGURATION_WRONG 5']);
    expect(planted((store) => put(store, configurationKey(7), other))).toEqual(['RECORD_UNEXPECTED 7']);
    const genesisHash = whole.ledger.configurations.at(1).hash;
    expect(planted((store) => forge(store, 7, { configurationHash: genesisHash }))).toContain('CONFIGURATION_WRONG 7');
    expect(planted((store) => forge(store, 3, { nextConfigurationHash: decodedHash }))).toContain(
      'CONFIGURATION_WRONG 3',
    );
  });

  it('truncated tail', () => {
    expect(
      planted((store) => {
        for (const at of [7, 8, 9]) dropBlock(store, at);
      }),
    ).toEqual(['TAIL_TRUNCATED 7', 'CERTIFICATE_MISSING 9']);
  });

  it('a tip that was set back', () => {
    const lower = headerIn(whole.store, 7);
    const codes = planted((store) => put(store, TIP_KEY, encodeCbor([7, fromHex(lower.hash), 7, lower.header.index])));
    expect(codes).toContain('TIP_WRONG 8');
    expect(codes).toContain('STATE_WRONG 7');
  });

  it('records of no known name, records of block 0, and what says what the store is', () => {
    expect(planted((store) => put(store, metaKey('extra'), Uint8Array.of(1)))).toEqual(['RECORD_UNEXPECTED -']);
    for (const name of ['chain', 'format'])
      expect(planted((store) => void store.records.delete(toHex(metaKey(name))))).toEqual(['GENESIS_WRONG -']);
    for (const key of [certificateKey(0), indexKey(0), undoKey(0)])
      expect(planted((store) => put(store, key, Uint8Array.of(1)))).toContain('RECORD_UNEXPECTED 0');
  });

  it('a tip that was executed less far than it stands', () => {
    const { height, blockHash, finalHeight } = decodeTip(
      unchecked(TIP_KEY, whole.store.records.get(toHex(TIP_KEY)) as Uint8Array),
    );
    const applied = headerIn(whole.store, height).header.index - 1;
    const codes = planted((store) => put(store, TIP_KEY, encodeCbor([height, blockHash, finalHeight, applied])));
    expect(codes).toEqual([`TIP_WRONG ${height}`]);
  });

  it.each([
    ['stateRoot', 'STATE_ROOT_WRONG'],
    ['transactionsRoot', 'TRANSACTIONS_ROOT_WRONG'],
    ['historyRoot', 'HISTORY_ROOT_WRONG'],
  ] as const)('header with another %s', (field, code) => {
    expect(planted((store) => forge(store, 3, { [field]: new Uint8Array(32) }))).toEqual([
      'CERTIFICATE_WRONG 3',
      `${code} 3`,
      'LINK_BROKEN 4',
    ]);
  });

  it.each([
    ['parentHash', '11'.repeat(32), 'LINK_BROKEN 3'],
    ['chainId', '11'.repeat(32), 'CHAIN_WRONG 3'],
    ['time', 5, 'HEADER_WRONG 3'],
    ['index', 1, 'HEADER_WRONG 3'],
    ['index', 77, 'HEADER_WRONG 3'],
    ['payloadHash', '11'.repeat(32), 'BLOCK_MISSING 3'],
  ])('header with another %s', (field, value, expected) => {
    expect(planted((store) => forge(store, 3, { [field]: value }))).toContain(expected);
  });

  it.each([
    ['index', indexKey(4)],
    ['undo', undoKey(4)],
    ['height of a hash', heightOfKey(headerIn(whole.store, 4).hash)],
  ])('missing record: %s', (_, key) => {
    expect(planted((store) => remove(store, key))).toEqual(['RECORD_MISSING 4']);
    expect(planted((store) => put(store, key, new Uint8Array(8)))[0]).toMatch(/^(RECORD_WRONG|OUTCOME_CHANGED) 4$/);
  });

  it('any record with a wrong checksum', () => {
    for (const key of [...whole.store.records.keys()].map(fromHex)) {
      const store = copyOf(whole.store);
      store.damage(key);
      expect(found(store), toHex(key)).not.toEqual([]);
    }
  });

  it('several faults at once, each once', () => {
    const codes = planted((store) => {
      plantCertificate(store, certificateBy(headerIn(store, 2), THREE.slice(0, 1)));
      dropBlock(store, 4);
      plantCertificate(store, certificateBy(headerIn(store, 8), [[0, 1], ...THREE.slice(1)]));
      remove(store, certificateKey(tip));
    });
    expect(codes).toEqual(['CERTIFICATE_BELOW_QUORUM 2', 'BLOCK_MISSING 4', 'SEAL_FORGED 8', 'CERTIFICATE_MISSING 9']);
  });

  it('another genesis document', () => {
    const codes = planted((store) => put(store, metaKey('chain'), new Uint8Array(32)));
    expect(codes).toEqual(['GENESIS_WRONG -']);
  });
});

const decodedHash = whole.ledger.configurations.newest.hash;
