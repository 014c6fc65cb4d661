import { createSigner, sha256, verifySignature } from '@varve/crypto';
import { fromHex, height, latin1, nodeId, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  type Certificate,
  CONFIGURATION_PARENT_NONE,
  chainIdOf,
  configurationHashOf,
  encodeCertificate,
  encodeConfiguration,
  type Genesis,
  type Operation,
  PARAMETERS_DEFAULT,
  payloadIdOf,
  prepareTransaction,
  type SealedHeader,
  sealSignBytes,
} from '@varve/ledger';
import {
  certificateKey,
  checksummed,
  Execution,
  type IndexShape,
  RECORD_KIND,
  TIP_KEY,
  unchecked,
} from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, builtinModules } from '@varve/modules';
import { Chain, MemoryStore, SMALL_INDEX, T0 } from '../../ledger/test/harness.ts';
import { Auditor, claimOf, type Finding, keptIn, StoreCheck, storedBlock } from '../src/index.ts';

const signerOf = (label: string) => createSigner(sha256(utf8Encode(label)));
const client = signerOf('client');
const admin = signerOf('admin');
/** Validators of the first configuration; the second is without the last. */
const validators = [1, 2, 3, 4, 5].map((i) => ({ name: `v${i}`, signer: signerOf(`seal ${i}`) }));
export const REMOVED = 4;

export const genesis: Genesis = {
  title: 'Audited chain',
  time: T0,
  configuration: {
    number: 0,
    parentHash: CONFIGURATION_PARENT_NONE,
    protocol: 'raft',
    validators: validators.map(({ name, signer }) => ({
      name: nodeId(name),
      organization: 'one',
      signingKey: publicKeyHex(toHex(signer.publicKey)),
      networkKey: publicKeyHex(toHex(signerOf(`network ${name}`).publicKey)),
    })),
    parameters: PARAMETERS_DEFAULT,
  },
  organizations: [{ name: 'one', title: 'One' }],
  accounts: [
    { publicKey: publicKeyHex(toHex(client.publicKey)), organization: 'one', roles: ['client'] },
    { publicKey: publicKeyHex(toHex(admin.publicKey)), organization: 'one', roles: ['admin', 'client'] },
  ],
};
const chainId = chainIdOf(genesis);
const surroundings = { genesis, modules: builtinModules(), accounts: accountDirectory };

let nonces = 0;
/** A signed transaction that may execute up to a minute after `time`. */
export function signed(operations: readonly Operation[], time = T0, signer = client): Uint8Array {
  const nonce = new Uint8Array(16);
  new DataView(nonce.buffer).setUint32(0, ++nonces);
  const account = accountIdOf(signer.publicKey);
  const body = { chainId, account, nonce, validUntil: time + 600_000, operations };
  const { signedBytes, assemble } = prepareTransaction(body, signer.publicKey);
  return assemble(signer.sign(signedBytes)).bytes;
}

export const create = (path: string, data = 'data'): Operation => ({
  module: 'coordination',
  method: 'create',
  arguments: [path, utf8Encode(data)],
});

/** A certificate by some validators, under the configuration that the header names. */
export function certificateBy(
  { header, hash }: SealedHeader,
  signers: readonly (readonly [index: number, validator: number])[],
): Certificate {
  const message = sealSignBytes(header.chainId, header.configurationHash, header.height, hash);
  return {
    height: header.height,
    blockHash: hash,
    configurationHash: header.configurationHash,
    signatures: signers.map(([validatorIndex, validator]) => ({
      validatorIndex,
      signature: (validators[validator] as (typeof validators)[number]).signer.sign(message),
    })),
  };
}

export const THREE = [0, 1, 2].map((i) => [i, i] as const);

export class PlantedChain extends Chain {
  constructor(document: Genesis = genesis, index: IndexShape = SMALL_INDEX) {
    super({ ...surroundings, genesis: document, index });
  }

  /** Makes blocks of the given transactions, each certified by three validators. */
  add(...blocks: readonly (readonly Uint8Array[])[]): this {
    for (const transactions of blocks) {
      const { sealed } = this.block(transactions, this.ledger.tip.header.time + 1000);
      this.ledger.certify(certificateBy(sealed, THREE));
      this.flush();
    }
    return this;
  }

  /** Two transactions a block. */
  grow(count: number): this {
    const from = this.ledger.tip.header.height + 1;
    const names = Array.from({ length: count }, (_, i) => from + i);
    return this.add(...names.map((n) => [signed([create(`/a${n}`)]), signed([create(`/b${n}`), create('/a1')])]));
  }

  /**
   * A block as validators would make it that pass over nothing: each item has a leaf. Its seals, state and links are
   * those of the honest.
   */
  liar(transactions: readonly Uint8Array[]): this {
    const time = this.ledger.tip.header.time + 1000;
    const bytes = this.payload(transactions, time);
    const { ledger } = this;
    const lenient = ledger.environment(() => true);
    const due = ledger.timers.due(time);
    const point = { height: height(ledger.tip.header.height + 1), time };
    const execution = new Execution(transactions, point, ledger, due, { ...lenient, isKnown: () => false });
    execution.run(transactions.length);
    const index = ledger.applied + 1;
    const block = ledger.finish(execution, { index, epoch: this.epoch, payload: payloadIdOf(bytes), bytes });
    if (block === undefined) throw new TypeError('no block');
    ledger.certify(certificateBy(block.sealed, THREE));
    this.flush();
    return this;
  }

  /** From Raft with five validators to Tendermint with four. */
  switch(): this {
    const { configuration } = this.ledger;
    const next = encodeConfiguration({
      ...configuration,
      number: configuration.number + 1,
      parentHash: configurationHashOf(configuration),
      protocol: 'tendermint',
      validators: configuration.validators.slice(0, REMOVED),
    });
    const propose = { module: 'governance', method: 'propose', arguments: [next, true] };
    return this.add([signed([propose], T0, admin)]);
  }
}

/** Heights 1 to 5 under Raft, the last of which changes to Tendermint, then 6 to 9. */
export function plantedChain(): PlantedChain {
  return new PlantedChain().grow(4).switch().grow(4);
}

/** Replaces the body of a record, with a right checksum. */
export function plant(store: MemoryStore, key: Uint8Array, change: (body: Uint8Array) => Uint8Array): void {
  const record = store.get(key);
  if (record === undefined) throw new TypeError('no such record');
  store.write([{ key, value: checksummed(key, change(unchecked(key, record))) }]);
}

export const put = (store: MemoryStore, key: Uint8Array, body: Uint8Array): void =>
  store.write([{ key, value: checksummed(key, body) }]);

export function plantCertificate(store: MemoryStore, certificate: Certificate): void {
  put(store, certificateKey(certificate.height), encodeCertificate(certificate));
}

/** A deep copy, to plant something in. */
export function copyOf(store: MemoryStore): MemoryStore {
  const copy = new MemoryStore();
  for (const [key, value] of store.records) copy.records.set(key, value.slice());
  return copy;
}

/** Which an audit outside of tests draws. */
export const AUDIT_SECRET: Uint8Array = new Uint8Array(32).fill(7);

/** Audits a whole store. */
export function audit(
  store: MemoryStore,
  document: Genesis = genesis,
): { readonly auditor: Auditor; readonly findings: readonly Finding[] } {
  const tip = keptIn(store, TIP_KEY);
  const claim = typeof tip === 'string' ? undefined : claimOf(tip);
  const auditor = new Auditor({
    ...surroundings,
    genesis: document,
    derived: store,
    claim,
    isSigned: verifySignature,
    index: SMALL_INDEX,
  });
  const top = claim?.height ?? 0;
  for (let height = 1; height <= top; height++) auditor.next(storedBlock(store, height));
  auditor.end();
  const check = new StoreCheck(auditor, AUDIT_SECRET);
  for (const [key, record] of store.records) check.add(fromHex(key), record);
  check.end();
  return { auditor, findings: auditor.findings.list };
}

/** Code and height of each finding, once each. */
export const found = (store: MemoryStore): string[] => [
  ...new Set(audit(store).findings.map(({ code, height }) => `${code} ${height ?? '-'}`)),
];

const keysOf = (store: MemoryStore, kind: number): Uint8Array[] =>
  [...store.records.keys()].map((key) => fromHex(key)).filter((key) => key[0] === kind);
export const stateRecord = (store: MemoryStore, text: string): Uint8Array =>
  keysOf(store, RECORD_KIND.state).find((key) => latin1(key).endsWith(text)) as Uint8Array;
