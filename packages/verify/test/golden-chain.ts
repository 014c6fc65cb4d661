import type { Configuration, ProtocolName } from '@varve/consensus';
import { faultModelOf, quorumSize } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { fromHex, height, nodeId, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  type Certificate,
  CONFIGURATION_PARENT_NONE,
  type ConfigurationStep,
  chainIdOf,
  configurationHashOf,
  decodeTransaction,
  encodeBlock,
  encodeCertificate,
  encodeCheckpoint,
  encodeConfiguration,
  encodeConsistency,
  encodeEvidence,
  encodeGenesis,
  encodeLeaf,
  encodePayload,
  encodeReceipt,
  encodeResults,
  type Genesis,
  leafOf,
  PARAMETERS_DEFAULT,
  payloadIdOf,
  type Receipt,
  type SealedHeader,
  sealHeader,
  sealSignBytes,
  stateTreeKey,
  stateTreeValue,
} from '@varve/ledger';
import { encodeStateProof, inclusionProof, MerkleLog, merkleRoot, StateTree } from '@varve/merkle';
import { ada, operation, signerOf, T0, transactionBytes } from '../../ledger/test/harness.ts';

/** To which protocol each chain changes after its block 4. */
const SWITCHES: Readonly<Record<ProtocolName, ProtocolName>> = {
  raft: 'tendermint',
  paxos: 'zab',
  zab: 'paxos',
  tendermint: 'raft',
};
const LAST = 4;
const TIP = 8;

/** Everything that a verifier is given of one chain, in hexadecimal. */
export type GoldenChain = Readonly<Record<string, string>>;

function configurationOf(number: number, protocol: ProtocolName, seeds: readonly number[], parent?: Configuration) {
  return {
    number,
    parentHash: parent ? configurationHashOf(parent) : CONFIGURATION_PARENT_NONE,
    protocol,
    validators: seeds.map((seed, i) => ({
      name: nodeId(`v${number}-${i}`),
      organization: 'alpha',
      signingKey: publicKeyHex(toHex(signerOf(seed).publicKey)),
      networkKey: publicKeyHex(toHex(signerOf(seed + 100).publicKey)),
    })),
    parameters: PARAMETERS_DEFAULT,
  } satisfies Configuration;
}

/**
 * A chain of eight blocks that begins under `protocol` and changes its validators and its protocol after the fourth. All of
 * it follows from fixed seeds: the same records come out on every machine and in every version that keeps the formats.
 */
export function goldenChain(protocol: ProtocolName): GoldenChain {
  const seeds = [
    [51, 52, 53, 54],
    [61, 62, 63, 64, 65],
  ] as const;
  const first = configurationOf(0, protocol, seeds[0]);
  const second = configurationOf(1, SWITCHES[protocol], seeds[1], first);
  const configurations = [first, second] as const;
  const genesis: Genesis = {
    title: `Golden ${protocol}`,
    time: T0,
    configuration: first,
    organizations: [{ name: 'alpha', title: 'Alpha' }],
    accounts: [{ publicKey: publicKeyHex(toHex(ada.publicKey)), organization: 'alpha', roles: ['client'] }],
  };
  const chainId = chainIdOf(genesis);
  const results = encodeResults({ values: [0], events: [] });
  const outcome = { code: 'OK', failedOperation: null, resultsHash: sha256(results) };
  const numberAt = (at: number) => (at <= LAST ? 0 : 1) as 0 | 1;
  const history = new MerkleLog();
  const blocks: { sealed: SealedHeader; payload: Uint8Array; items: Uint8Array[]; leaves: Uint8Array[] }[] = [];
  const entryAt = (at: number) => ({ version: 0, modifiedHeight: at, bytes: utf8Encode(`value ${at}`) });
  const states = new StateTree();
  for (let at = 0; at <= TIP; at++) {
    const items = [0, 1, 2]
      .slice(0, at === 0 ? 0 : 3)
      .map((n) =>
        transactionBytes([operation('set', `${at}`, n)], { chainId, nonce: 16 * at + n, validUntil: T0 + 1000 }),
      );
    const leaves = items.map((bytes) => encodeLeaf(leafOf(decodeTransaction(bytes), outcome)));
    const epoch = { number: at === 0 ? 0 : 1, node: at === 0 ? ('' as const) : nodeId(`v${numberAt(at)}-0`) };
    const index = at <= LAST ? at : at - LAST;
    const payload = encodePayload({ index, epoch, time: T0 + at, transactions: items });
    const change = { key: stateTreeKey('notes', utf8Encode(`k${at}`)), value: stateTreeValue(entryAt(at)) };
    const tree = states.update(at, [change]);
    const sealed = sealHeader({
      chainId,
      height: height(at),
      parentHash: (blocks.at(-1)?.sealed.hash ?? CONFIGURATION_PARENT_NONE) as SealedHeader['hash'],
      index,
      epoch,
      time: T0 + at,
      configurationHash: configurationHashOf(configurations[numberAt(at)]),
      nextConfigurationHash: configurationHashOf(configurations[numberAt(at + 1)]),
      payloadHash: payloadIdOf(payload),
      transactionsRoot: merkleRoot(leaves),
      transactionCount: leaves.length,
      stateRoot: tree.root,
      historyRoot: history.root(),
    });
    blocks.push({ sealed, payload, items, leaves });
    history.append(fromHex(sealed.hash));
  }
  const block = (at: number) => blocks[at] as (typeof blocks)[number];
  const certify = ({ header, hash }: SealedHeader): Certificate => {
    const { validators, protocol: under } = configurations[numberAt(header.height)];
    const signed = sealSignBytes(chainId, header.configurationHash, header.height, hash);
    const quorum = seeds[numberAt(header.height)].slice(0, quorumSize(validators.length, faultModelOf(under)));
    const signatures = quorum.map((seed, validatorIndex) => ({
      validatorIndex,
      signature: signerOf(seed).sign(signed),
    }));
    return { height: header.height, blockHash: hash, configurationHash: header.configurationHash, signatures };
  };
  const steps = (at: number): ConfigurationStep[] =>
    at <= LAST ? [] : [{ lastHeader: block(LAST).sealed, certificate: certify(block(LAST).sealed), next: second }];
  const laterOf = (at: number, by: number) =>
    at === by ? null : { header: block(by).sealed, path: history.inclusion(at, by) };
  const receipt = (at: number, by: number): Receipt => ({
    transaction: block(at).items[1] as Uint8Array,
    results,
    outcome,
    leafIndex: 1,
    path: inclusionProof(block(at).leaves, 1),
    header: block(at).sealed,
    later: laterOf(at, by),
    certificate: certify(block(by).sealed),
    configurations: steps(by),
  });
  const checkpoint = (at: number) => ({
    header: block(at).sealed,
    certificate: certify(block(at).sealed),
    configurations: steps(at),
    next: configurations[numberAt(at + 1)],
  });
  const consistency = (from: number, to: number, by: number) => {
    const { certificate, configurations: way, next } = checkpoint(by);
    const path = history.inclusion(from, to);
    return {
      from: block(from).sealed,
      path,
      to: block(to).sealed,
      later: laterOf(to, by),
      certificate,
      configurations: way,
      next,
    };
  };
  const seal = (at: number, hash: string) => {
    const bytes = sealSignBytes(chainId, block(at).sealed.header.configurationHash, height(at), hash as never);
    return { bytes, signature: signerOf(seeds[1][2]).sign(bytes) };
  };
  const proofAt = (name: string) => {
    const proof = states.at(TIP)?.prove(stateTreeKey('notes', utf8Encode(name)));
    if (proof === undefined) throw new TypeError('the state of the tip is not kept');
    return encodeStateProof(proof);
  };
  const [step] = steps(TIP);
  const records = {
    genesis: encodeGenesis(genesis),
    receipt: encodeReceipt(receipt(2, 2)),
    'receipt-later': encodeReceipt(receipt(2, 6)),
    'receipt-after': encodeReceipt(receipt(7, 7)),
    'checkpoint-before': encodeCheckpoint(checkpoint(3)),
    'checkpoint-after': encodeCheckpoint(checkpoint(6)),
    consistency: encodeConsistency(consistency(3, 7, 8)),
    block: encodeBlock({ sealed: block(2).sealed, payload: block(2).payload }),
    'block-certificate': encodeCertificate(certify(block(2).sealed)),
    'step-header': block(LAST).sealed.bytes,
    'step-certificate': encodeCertificate((step as ConfigurationStep).certificate),
    'step-next': encodeConfiguration(second),
    'state-header': block(TIP).sealed.bytes,
    'state-certificate': encodeCertificate(certify(block(TIP).sealed)),
    'state-proof': proofAt('k5'),
    'state-proof-absent': proofAt('nothing'),
    evidence: encodeEvidence({
      signingKey: (second.validators[2] as (typeof second.validators)[number]).signingKey,
      configurationHash: configurationHashOf(second),
      first: seal(7, block(7).sealed.hash),
      second: seal(7, block(6).sealed.hash),
    }),
  };
  return Object.fromEntries(Object.entries(records).map(([name, bytes]) => [name, toHex(bytes)]));
}
