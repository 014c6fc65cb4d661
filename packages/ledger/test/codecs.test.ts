import { type Configuration, EPOCH_ZERO } from '@varve/consensus';
import { concatBytes, height, nodeId, toHex } from '@varve/encoding';
import { decode as decodeFreely, encode as encodeFreely } from 'cborg';
import { describe, expect, it } from 'vitest';
import { receiptOf } from '../src/chain.ts';
import {
  anchorOf,
  type Certificate,
  certificateFault,
  chainIdOf,
  checkConfiguration,
  checkGenesis,
  checkGenesisKeys,
  configurationHashOf,
  decodeBlock,
  decodeCertificate,
  decodeConfiguration,
  decodeGenesis,
  decodeHeader,
  decodeLeaf,
  decodePayload,
  decodeReceipt,
  decodeResults,
  decodeSeal,
  decodeStateEntry,
  encodeBlock,
  encodeCertificate,
  encodeConfiguration,
  encodeGenesis,
  encodeHeader,
  encodeLeaf,
  encodePayload,
  encodeReceipt,
  encodeResults,
  encodeSeal,
  encodeStateEntry,
  type Genesis,
  type Receipt,
  sealHeader,
} from '../src/index.ts';
import { decodeIndex, decodeTip, decodeUndo, encodeTip } from '../src/records.ts';
import {
  Chain,
  certificateOf,
  chain,
  decodedOrRefused,
  genesis,
  mutations,
  operation,
  T0,
  transactionBytes,
} from './harness.ts';
import { slowIndex, slowUndo } from './slow-records.ts';

const world = new Chain();
const transaction = transactionBytes([operation('set', 'a', 1)], { nonce: 1 });
const { sealed, execution } = world.block([transaction]);
const certificate = world.certify();
const done = execution.executed[0] as (typeof execution.executed)[number];
const receipt = receiptOf(world.ledger, done.id) as Receipt;
const payload = world.ledger.records.get(
  new Uint8Array([0x50, ...Buffer.from(sealed.header.payloadHash, 'hex')]),
) as Uint8Array;
const next: Configuration = {
  ...genesis.configuration,
  number: 1,
  parentHash: configurationHashOf(genesis.configuration),
  protocol: 'tendermint',
  parameters: {
    ...genesis.configuration.parameters,
    timeFloor: 5,
    policies: [{ kind: 'validators', numerator: 1, denominator: 2 }],
  },
};
const seal = {
  configurationHash: certificate.configurationHash,
  height: certificate.height,
  blockHash: certificate.blockHash,
  validatorIndex: 2,
  signature: new Uint8Array(64).fill(7),
};

/** Every record: its bytes, and the way through its decoder and back. */
const RECORDS: Record<string, [bytes: Uint8Array, again: (bytes: Uint8Array) => Uint8Array]> = {
  genesis: [encodeGenesis(genesis), (b) => encodeGenesis(decodeGenesis(b))],
  configuration: [encodeConfiguration(next), (b) => encodeConfiguration(decodeConfiguration(b))],
  header: [sealed.bytes, (b) => encodeHeader(decodeHeader(b).header)],
  block: [encodeBlock({ sealed, payload }), (b) => encodeBlock(decodeBlock(b))],
  payload: [payload, (b) => encodePayload(decodePayload(b))],
  seal: [encodeSeal(seal), (b) => encodeSeal(decodeSeal(b))],
  certificate: [encodeCertificate(certificate), (b) => encodeCertificate(decodeCertificate(b))],
  results: [done.results, (b) => encodeResults(decodeResults(b))],
  leaf: [done.leaf, (b) => encodeLeaf(decodeLeaf(b))],
  receipt: [encodeReceipt(receipt), (b) => encodeReceipt(decodeReceipt(b))],
  'receipt with later and steps': [
    encodeReceipt({
      ...receipt,
      later: { header: sealed, path: [new Uint8Array(32).fill(1)] },
      configurations: [{ lastHeader: sealed, certificate, next }],
    }),
    (b) => encodeReceipt(decodeReceipt(b)),
  ],
  'state entry': [
    encodeStateEntry({ version: 3, modifiedHeight: 70_000, bytes: Uint8Array.of(1) }),
    (b) => encodeStateEntry(decodeStateEntry(b)),
  ],
  tip: [
    encodeTip({ height: 5, blockHash: new Uint8Array(32), finalHeight: 3, applied: 9 }),
    (b) => encodeTip(decodeTip(b)),
  ],
  index: [
    slowIndex({
      timerEvents: [{ module: 'm', topic: 't', value: [1] }],
      leaves: [{ payloadIndex: 1, leaf: done.leaf, results: done.results }],
    }),
    (b) => slowIndex(decodeIndex(b)),
  ],
  undo: [
    slowUndo([
      { module: 'm', key: Uint8Array.of(1), before: undefined },
      {
        module: 'm',
        key: Uint8Array.of(2),
        before: { version: 1, modifiedHeight: 2, bytes: Uint8Array.of(3) },
      },
    ]),
    (b) => slowUndo(decodeUndo(b)),
  ],
};

describe.each(Object.entries(RECORDS))('%s', (_, [bytes, again]) => {
  it('comes back from its bytes', () => {
    expect(toHex(again(bytes))).toBe(toHex(bytes));
  });

  it('has one encoding: bytes with any byte changed are refused or mean something else', () => {
    for (const changed of mutations(bytes)) {
      const back = decodedOrRefused(again, changed);
      if (back !== undefined) expect(toHex(back)).toBe(toHex(changed));
    }
  });

  it('is refused when cut short or lengthened', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(decodedOrRefused(again, bytes.slice(0, length))).toBeUndefined();
    }
    expect(decodedOrRefused(again, concatBytes(bytes, Uint8Array.of(0)))).toBeUndefined();
  });
});

const code = (name: string) => expect.objectContaining({ code: name });
/** `bytes` with the item at a place of its arrays replaced. */
function replaced(bytes: Uint8Array, path: readonly number[], value: unknown): Uint8Array {
  const root = decodeFreely(bytes) as unknown[];
  let inner = root;
  for (const at of path.slice(0, -1)) inner = inner[at] as unknown[];
  inner[path.at(-1) as number] = value;
  return encodeFreely(root);
}

describe('headers', () => {
  it.each([
    ['another version', [0], 2],
    ['a short hash', [3], new Uint8Array(31)],
    ['an epoch without a name', [5], [1, '']],
    ['epoch 0 with a name', [5], [0, 'v1']],
    ['an upper-case name', [5], [1, 'V1']],
    ['a fifteenth field', [14], 0],
  ])('with %s are refused', (_, path, value) => {
    expect(() => decodeHeader(replaced(sealed.bytes, path, value))).toThrow(code('HEADER_MALFORMED'));
  });

  it('give engines their anchor: anew after block 0 and the last block of a configuration', () => {
    const { header, hash } = sealed;
    expect(anchorOf(sealed)).toEqual({ index: 1, epoch: world.epoch, height: 1, blockHash: hash });
    const last = sealHeader({ ...header, nextConfigurationHash: configurationHashOf(next) });
    expect(anchorOf(last)).toEqual({ index: 0, epoch: EPOCH_ZERO, height: 1, blockHash: last.hash });
    const first = sealHeader({ ...header, height: height(0) });
    expect(anchorOf(first)).toMatchObject({ index: 0, epoch: EPOCH_ZERO, height: 0 });
  });
});

describe('blocks', () => {
  it('hold the payload of their header; only block 0 has none', () => {
    const block = encodeBlock({ sealed, payload });
    expect(decodeBlock(block)).toEqual({ sealed, payload });
    expect(() => decodeBlock(encodeBlock({ sealed, payload: null }))).toThrow(code('BLOCK_MALFORMED'));
    const other = encodePayload({ ...decodePayload(payload), time: T0 + 1 });
    expect(() => decodeBlock(encodeBlock({ sealed, payload: other }))).toThrow(code('BLOCK_MALFORMED'));
    const first = sealHeader({ ...sealed.header, height: height(0) });
    expect(() => decodeBlock(encodeBlock({ sealed: first, payload }))).toThrow(code('BLOCK_MALFORMED'));
    expect(decodeBlock(encodeBlock({ sealed: first, payload: null })).payload).toBeNull();
    expect(() => decodeBlock(encodeFreely([1, new Uint8Array(3), payload]))).toThrow(code('HEADER_MALFORMED'));
  });
});

describe('certificates', () => {
  const { configuration } = genesis;
  const hash = configurationHashOf(configuration);
  const fault = (one: Certificate, of: Configuration = configuration) => certificateFault(one, chain, of, hash);

  it.each([[[0, 1]], [[0, 2]], [[1, 2]], [[0, 1, 2]]])('of the quorum %j are valid', (signers) => {
    expect(fault(certificateOf(sealed, signers))).toBeUndefined();
  });

  it('name the first fault', () => {
    const full = certificateOf(sealed, [0, 1, 2]);
    const [one, two, three] = full.signatures as [never, never, { validatorIndex: number; signature: Uint8Array }];
    expect(fault(certificateOf(sealed, [1]))).toBe('QUORUM_MISSING');
    expect(fault({ ...full, signatures: [] })).toBe('QUORUM_MISSING');
    expect(fault({ ...full, signatures: [two, one] })).toBe('SIGNERS_NOT_ASCENDING');
    expect(fault({ ...full, signatures: [one, one] })).toBe('SIGNERS_NOT_ASCENDING');
    expect(fault({ ...full, signatures: [one, { ...three, validatorIndex: 3 }] })).toBe('SIGNER_UNKNOWN');
    expect(fault({ ...full, signatures: [one, { ...three, validatorIndex: 1 }] })).toBe('SIGNATURE_INVALID');
    expect(fault({ ...full, height: height(2) })).toBe('SIGNATURE_INVALID');
    expect(fault({ ...full, blockHash: world.ledger.tip.header.parentHash })).toBe('SIGNATURE_INVALID');
    expect(fault({ ...full, configurationHash: configurationHashOf(next) })).toBe('CONFIGURATION_MISMATCH');
    expect(certificateFault(full, 'ff'.repeat(32) as typeof chain, configuration, hash)).toBe('SIGNATURE_INVALID');
    // Every signature counts, also one beyond the quorum.
    const spoiled = { ...three, signature: new Uint8Array(64) };
    expect(fault({ ...full, signatures: [one, two, spoiled] })).toBe('SIGNATURE_INVALID');
  });

  it('need more than two thirds under a byzantine engine', () => {
    const byzantine: Configuration = { ...configuration, protocol: 'tendermint' };
    expect(fault(certificateOf(sealed, [0, 1]), byzantine)).toBe('QUORUM_MISSING');
    expect(fault(certificateOf(sealed, [0, 1, 2]), byzantine)).toBeUndefined();
  });

  it('are refused when indexes do not ascend', () => {
    const bytes = encodeCertificate(certificate);
    expect(() => decodeCertificate(replaced(bytes, [4, 0, 0], 1))).toThrow(code('CERTIFICATE_MALFORMED'));
    expect(() => decodeCertificate(replaced(bytes, [4, 0, 1], new Uint8Array(63)))).toThrow(
      code('CERTIFICATE_MALFORMED'),
    );
    const many = Array.from({ length: 65 }, (_, i) => [i, new Uint8Array(64)]);
    expect(() => decodeCertificate(replaced(bytes, [4], many))).toThrow(code('CERTIFICATE_MALFORMED'));
  });
});

describe('configurations', () => {
  const [one, two, three] = genesis.configuration.validators as [never, never, (typeof next.validators)[number]];
  const p = next.parameters;

  it.each([
    ['no validators', { validators: [] }],
    ['validators out of order', { validators: [two, one, three] }],
    ['a name twice', { validators: [one, one] }],
    [
      'a signing key twice',
      { validators: [one, { ...three, signingKey: genesis.configuration.validators[0]?.signingKey }] },
    ],
    ['a key for both purposes', { validators: [{ ...three, networkKey: three.signingKey }] }],
    ['number 0 with a parent', { number: 0 }],
    ['number 1 without', { parentHash: genesis.configuration.parentHash }],
    ['rules 0', { parameters: { ...p, rules: 0 } }],
    ['no operations', { parameters: { ...p, operationsMax: 0 } }],
    ['no validity', { parameters: { ...p, validityMs: 0 } }],
    ['payloads too small for a transaction', { parameters: { ...p, transactionBytesMax: p.payloadBytesMax } }],
  ])('with %s are refused', (_, change) => {
    const broken = { ...next, ...change } as Configuration;
    expect(() => checkConfiguration(broken)).toThrow(code('CONFIGURATION_MALFORMED'));
    expect(() => decodeConfiguration(encodeConfiguration(broken))).toThrow(code('CONFIGURATION_MALFORMED'));
  });

  it.each([
    ['an unknown protocol', [2], 'pow'],
    ['an upper-case organization', [3, 0, 1], 'Alpha'],
    ['a name of 33 characters', [3, 0, 0], 'v'.repeat(33)],
    ['a short key', [3, 0, 2], new Uint8Array(31)],
    ['a policy of a bad kind', [4, 8], [['A', 1, 2]]],
  ])('with %s are refused', (_, path, value) => {
    expect(() => decodeConfiguration(replaced(encodeConfiguration(next), path, value))).toThrow(
      code('CONFIGURATION_MALFORMED'),
    );
  });
});

describe('genesis documents', () => {
  const [account] = genesis.accounts;
  it.each([
    ['an organization twice', { organizations: [...genesis.organizations, genesis.organizations[0]] }],
    ['a validator of nobody', { organizations: genesis.organizations.slice(1) }],
    ['a configuration that is not the first', { configuration: next }],
    ['an account key twice', { accounts: [account, account] }],
    ['an account of nobody', { accounts: [{ ...account, organization: 'nobody' }] }],
  ])('with %s are refused', (_, change) => {
    const broken = { ...genesis, ...change } as Genesis;
    expect(() => checkGenesis(broken)).toThrow(code('GENESIS_MALFORMED'));
    expect(() => decodeGenesis(encodeGenesis(broken))).toThrow(code('GENESIS_MALFORMED'));
  });

  it.each([
    ['another domain', [0], 'varve/genesis/2'],
    ['an unknown role', [5, 0, 2], ['king']],
    ['a role twice', [5, 0, 2], ['admin', 'admin']],
  ])('with %s are refused', (_, path, value) => {
    expect(() => decodeGenesis(replaced(encodeGenesis(genesis), path, value))).toThrow(code('GENESIS_MALFORMED'));
  });

  it('can be checked for unsound keys', () => {
    expect(() => checkGenesisKeys(genesis)).not.toThrow();
    const [validator, ...others] = genesis.configuration.validators;
    // The identity; a point of order 8; y = p, which is 0 in a longer form; no point at all.
    for (const unsound of [
      `01${'00'.repeat(31)}`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      `ed${'ff'.repeat(30)}7f`,
      'ff'.repeat(32),
    ]) {
      const withAccount = { ...genesis, accounts: [{ ...account, publicKey: unsound }] } as unknown as Genesis;
      expect(() => checkGenesisKeys(withAccount)).toThrow(code('GENESIS_MALFORMED'));
      for (const purpose of ['signingKey', 'networkKey']) {
        const validators = [...others, { ...validator, [purpose]: unsound }];
        const withValidator = {
          ...genesis,
          configuration: { ...genesis.configuration, validators },
        } as unknown as Genesis;
        expect(() => checkGenesisKeys(withValidator)).toThrow(code('GENESIS_MALFORMED'));
      }
    }
  });

  it('name their chain: any change gives another', () => {
    expect(chainIdOf({ ...genesis, title: 'Other' })).not.toBe(chainIdOf(genesis));
    expect(chainIdOf({ ...genesis, time: T0 + 1 })).not.toBe(chainIdOf(genesis));
    expect(chainIdOf({ ...genesis, accounts: [] })).not.toBe(chainIdOf(genesis));
  });
});

it('leaves with outcomes that contradict themselves are refused', () => {
  expect(() => decodeLeaf(replaced(done.leaf, [2, 1], 0))).toThrow(code('RECORD_MALFORMED'));
  expect(() => decodeLeaf(replaced(done.leaf, [2, 0], 'NO'))).toThrow(code('RECORD_MALFORMED'));
});

it('epochs carry names of validators', () => {
  const bytes = encodePayload({ index: 1, epoch: { number: 2, node: nodeId('v1') }, time: 0, transactions: [] });
  expect(decodePayload(bytes).epoch).toEqual({ number: 2, node: 'v1' });
});
