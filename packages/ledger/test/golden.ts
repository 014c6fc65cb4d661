import { encodeCbor, fromHex, toHex } from '@varve/encoding';
import { encodeStateProof } from '@varve/merkle';
import { accountDirectory, accounts, coordination, coordinationKey } from '@varve/modules';
import { payloadAt, receiptOf, stateProofAt } from '../src/chain.ts';
import {
  decodeTransaction,
  encodeCertificate,
  encodeConfiguration,
  encodeGenesis,
  encodeLeaf,
  encodeReceipt,
  encodeSeal,
  encodeStateEntry,
  leafOf,
  type Receipt,
  sealSignBytes,
} from '../src/index.ts';
import { ada, Chain, chain, configurationOfGenesis, genesis, T0, transactionBytes } from './harness.ts';

/**
 * Records made with fixed keys under the real modules, as in golden/records.json. They must come out the same for ever:
 * a change of that file is a change of format, and needs a new version of `rules`.
 */
export function goldenRecords(): Record<string, string> {
  // Named one by one: a module added later must not change these records.
  const modules = new Map([accounts, coordination].map((module) => [module.name, module]));
  const world = new Chain({ genesis, modules, accounts: accountDirectory });
  const value = new TextEncoder().encode('hello');
  const create = { module: 'coordination', method: 'create', arguments: ['/a', value] };
  const transaction = transactionBytes([create], { nonce: 1 });
  const refused = transactionBytes([create], { nonce: 2 });
  const first = world.block([transaction, refused], T0 + 1000).sealed;
  const certificate = world.certify(first, [0, 2]);
  const decoded = decodeTransaction(transaction);
  const { id, signedBytes } = decoded;
  const receipt = receiptOf(world.ledger, id) as Receipt;
  world.block([transactionBytes([{ ...create, method: 'set', arguments: ['/a', value, 0] }], { nonce: 3 })], T0 + 2000);
  const proof = stateProofAt(world.ledger, 'coordination', coordinationKey('/a'), 1);
  const entry = { version: 0, modifiedHeight: 1, bytes: value };
  // The same receipt by a certificate of the block above.
  const laterCertificate = world.certify(undefined, [1, 2]);
  const later = { header: world.ledger.tip, path: world.ledger.history.inclusion(1, 2) };
  const bytes: Record<string, Uint8Array> = {
    genesis: encodeGenesis(genesis),
    'chain-id': fromHex(chain),
    configuration: encodeConfiguration(genesis.configuration),
    'configuration-hash': fromHex(configurationOfGenesis),
    'public-key': ada.publicKey,
    transaction,
    'sig-structure': signedBytes,
    'transaction-id': fromHex(id),
    payload: payloadAt(world.ledger, 1) as Uint8Array,
    header: first.bytes,
    'block-hash': fromHex(first.hash),
    results: receipt.results,
    leaf: encodeLeaf(leafOf(decoded, receipt.outcome)),
    'seal-signed': sealSignBytes(chain, configurationOfGenesis, first.header.height, first.hash),
    seal: encodeSeal({
      ...certificate,
      validatorIndex: 0,
      signature: certificate.signatures[0]?.signature as Uint8Array,
    }),
    certificate: encodeCertificate(certificate),
    receipt: encodeReceipt(receipt),
    'receipt-later': encodeReceipt({ ...receipt, later, certificate: laterCertificate }),
    'state-key': encodeCbor(['coordination', coordinationKey('/a')]),
    'state-entry': encodeStateEntry(entry),
    'state-proof': encodeStateProof(proof as NonNullable<typeof proof>),
  };
  return Object.fromEntries(Object.entries(bytes).map(([name, record]) => [name, toHex(record)]));
}
