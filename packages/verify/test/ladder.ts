import type { Configuration, ProtocolName } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { fromHex, height, nodeId, publicKeyHex, toHex } from '@varve/encoding';
import {
  type Certificate,
  type Checkpoint,
  type ConfigurationStep,
  type Consistency,
  configurationHashOf,
  decodeTransaction,
  encodeLeaf,
  encodeResults,
  type Header,
  leafOf,
  type Receipt,
  type SealedHeader,
  sealHeader,
  sealSignBytes,
} from '@varve/ledger';
import { inclusionProof, MerkleLog, merkleRoot } from '@varve/merkle';
import { chain, genesis, operation, signerOf, T0, transactionBytes } from '../../ledger/test/harness.ts';

const zeros = '00'.repeat(32);
/** Seeds of the validators of each configuration. */
const SEEDS = [
  [11, 12, 13],
  [31, 32, 33, 34],
  [41, 42, 43, 44, 45],
];
const PROTOCOLS: ProtocolName[] = ['raft', 'tendermint', 'paxos'];
/** Last heights of configurations 0 and 1. */
const LAST = [3, 7];
/** Quorums of the three configurations. */
const QUORUM = [2, 3, 3];

/** Configuration 0 of the test chain, then tendermint with four validators, then paxos with five. */
export const configurations: Configuration[] = [genesis.configuration];
for (const number of [1, 2]) {
  configurations.push({
    ...genesis.configuration,
    number,
    parentHash: configurationHashOf(configurations[number - 1] as Configuration),
    protocol: PROTOCOLS[number] as ProtocolName,
    validators: (SEEDS[number] as number[]).map((seed, i) => ({
      name: nodeId(`w${number}-${i}`),
      organization: 'alpha',
      signingKey: publicKeyHex(toHex(signerOf(seed).publicKey)),
      networkKey: publicKeyHex(toHex(signerOf(seed + 100).publicKey)),
    })),
  });
}

export const numberAt = (at: number) => (at <= 3 ? 0 : at <= 7 ? 1 : 2);
const hashAt = (number: number) => configurationHashOf(configurations[number] as Configuration);

const emptyResults = encodeResults({ values: [], events: [] });
/** Two transactions of each block. */
const transactions = Array.from({ length: 11 }, (_, at) =>
  [0, 1].map((n) => transactionBytes([operation('set', `${at}`, n)], { validUntil: T0 + 100 + at })),
);
const outcome = { code: 'OK', failedOperation: null, resultsHash: sha256(emptyResults) };
const leavesAt = (at: number) =>
  (transactions[at] as Uint8Array[]).map((bytes) => encodeLeaf(leafOf(decodeTransaction(bytes), outcome)));

export const history = new MerkleLog();
/** A chain of heights 0 to 10, made by hand, whose configuration changes after heights 3 and 7. */
const blocks: SealedHeader[] = [];
for (let at = 0; at <= 10; at++) {
  const header: Header = {
    chainId: chain,
    height: height(at),
    parentHash: (blocks[at - 1]?.hash ?? zeros) as Header['parentHash'],
    index: at,
    epoch: { number: at === 0 ? 0 : 1, node: at === 0 ? '' : nodeId('v1') },
    time: T0 + at,
    configurationHash: hashAt(numberAt(at)),
    nextConfigurationHash: hashAt(numberAt(at + 1)),
    payloadHash: zeros as Header['payloadHash'],
    transactionsRoot: merkleRoot(leavesAt(at)),
    transactionCount: 2,
    stateRoot: fromHex(zeros),
    historyRoot: history.root(),
  };
  const sealed = sealHeader(header);
  blocks.push(sealed);
  history.append(fromHex(sealed.hash));
}

export const block = (at: number) => blocks[at] as SealedHeader;

/** A certificate of a header by the first `count` validators of a configuration. */
export function certify(
  sealed: SealedHeader,
  number = numberAt(sealed.header.height),
  count = QUORUM[number],
): Certificate {
  const hash = hashAt(number);
  const signed = sealSignBytes(chain, hash, sealed.header.height, sealed.hash);
  const signatures = (SEEDS[number] as number[]).slice(0, count).map((seed, validatorIndex) => ({
    validatorIndex,
    signature: signerOf(seed).sign(signed),
  }));
  return { height: sealed.header.height, blockHash: sealed.hash, configurationHash: hash, signatures };
}

/** Steps to the configuration with this number. */
export function steps(number: number): ConfigurationStep[] {
  return LAST.slice(0, number).map((last, i) => ({
    lastHeader: block(last),
    certificate: certify(block(last)),
    next: configurations[i + 1] as Configuration,
  }));
}

/** The receipt of the second transaction of block `at`, certified at `by`. */
export function receiptAt(at: number, by = at): Receipt {
  return {
    transaction: transactions[at]?.[1] as Uint8Array,
    results: emptyResults,
    outcome,
    leafIndex: 1,
    path: inclusionProof(leavesAt(at), 1),
    header: block(at),
    later: by === at ? null : { header: block(by), path: history.inclusion(at, by) },
    certificate: certify(block(by)),
    configurations: steps(numberAt(by)),
  };
}

/** The checkpoint of block `at`. */
export function checkpointAt(at: number): Checkpoint {
  return {
    header: block(at),
    certificate: certify(block(at)),
    configurations: steps(numberAt(at)),
    next: configurations[numberAt(at + 1)] as Configuration,
  };
}

/** The proof that block `to`, certified at `by`, has block `from` in its history. */
export function consistencyAt(from: number, to: number, by = to): Consistency {
  const { certificate, configurations: way, next } = checkpointAt(by);
  return {
    from: block(from),
    path: from === to ? [] : history.inclusion(from, to),
    to: block(to),
    later: by === to ? null : { header: block(by), path: history.inclusion(to, by) },
    certificate,
    configurations: way,
    next,
  };
}
