import { bytesEqual, fromHex, type TransactionId } from '@varve/encoding';
import {
  certificateFault,
  configurationHashOf,
  decodeCertificate,
  decodeConfiguration,
  decodeHeader,
  decodeLeaf,
  encodeStateEntry,
  type Genesis,
  type SealedHeader,
} from '@varve/ledger';
import {
  ConfigurationHistory,
  certificateKey,
  checksummed,
  configurationKey,
  decodeIndex,
  decodeUndo,
  firstBlock,
  headerKey,
  indexKey,
  type Store,
  stateKey,
  unchecked,
  undoKey,
} from '@varve/ledger/chain';
import { merkleRoot } from '@varve/merkle';
import type { AuditStart } from './auditor.ts';
import { BlockHashes } from './block-hashes.ts';
import type { SignatureRule } from './certificate-check.ts';
import { keptIn } from './derived-check.ts';
import { AuditError } from './errors.ts';
import { Findings } from './finding.ts';
import { MemoryRecords, type WindowBlock } from './memory-records.ts';
import { Replay, type ReplaySurroundings } from './replay.ts';

/** A copy to begin in the middle of. */
export interface CertifiedStartOptions extends ReplaySurroundings {
  readonly genesis: Genesis;
  readonly store: Store;
  /** Height of the state that the copy keeps. */
  readonly tipHeight: number;
  /** Every state record of the copy. */
  readonly state: Iterable<readonly [key: Uint8Array, record: Uint8Array]>;
  readonly isSigned: SignatureRule;
}

/**
 * Begins at a certified block with the copy's own state, undone to that height, where its root is the one that the
 * certified header names. What is below is taken on the word of the quorum that certified it: links and the
 * certificates of all changes of configuration are checked, execution is not.
 * @param at - Not further below the tip than the copy can undo.
 * @throws {AuditError} `AUDIT_START_UNPROVEN`.
 */
export function startAtCertified(options: CertifiedStartOptions, at: number): AuditStart {
  const { genesis, store, modules, accounts } = options;
  const { tip, headers, hashes, configurations } = walkHeaders(options, at);
  const memory = stateAt(options, at);
  const { validityMsMax } = configurations;
  const window: WindowBlock[] = [];
  for (let height = at; height > 0; height--) {
    const { header, bytes } = headers[height] ?? unproven(`block ${height} is not there`);
    const until = header.time + validityMsMax;
    if (until < tip.header.time) break;
    const transactions = leavesOf(store, header.height, header.transactionsRoot);
    memory.commit([{ key: headerKey(height), value: checksummed(headerKey(height), bytes) }]);
    window.push({ height, until, transactions });
  }
  memory.restoreWindow(window.reverse());
  const replay = Replay.resume(genesis, { modules, accounts }, { memory, tip, hashes, configurations });
  if (!bytesEqual(replay.stateRoot, tip.header.stateRoot))
    unproven(`the state that the copy keeps is not the one that block ${at} names`);
  return {
    replay,
    findings: new Findings(),
    counts: { blocks: 0, transactions: 0, skipped: 0, certificates: 1, certifiedHeight: at },
    certifiedLast: configurations.at(at + 1).first - 1,
    isStateRootWrong: false,
    startedAt: at,
  };
}

/** Every header up to a certified one, each the child of the one below, and the configurations they lead to. */
function walkHeaders(
  { genesis, store, modules, isSigned }: CertifiedStartOptions,
  at: number,
): {
  readonly tip: SealedHeader;
  readonly headers: readonly SealedHeader[];
  readonly hashes: BlockHashes;
  readonly configurations: ConfigurationHistory;
} {
  const first = firstBlock(genesis, modules.values());
  const headers = [first];
  const hashes = new BlockHashes(fromHex(first.hash));
  const configurations = new ConfigurationHistory(genesis.configuration);
  let tip = first;
  for (let height = 1; height <= at; height++) {
    const body = keptIn(store, headerKey(height));
    if (typeof body === 'string') unproven(`the header of block ${height} is ${body}`);
    const sealed = attempt(() => decodeHeader(body), `the header of block ${height} cannot be read`);
    const { header } = sealed;
    const ruled = configurations.at(height);
    const isNext =
      header.height === height && header.parentHash === tip.hash && header.configurationHash === ruled.hash;
    if (!isNext) unproven(`block ${height} does not stand on the one below`);
    const isLast = header.nextConfigurationHash !== header.configurationHash;
    if (isLast || height === at) demandCertified(store, sealed, configurations, first.header.chainId, isSigned);
    if (isLast) {
      const next = keptIn(store, configurationKey(height));
      if (typeof next === 'string') unproven(`the configuration after block ${height} is ${next}`);
      const configuration = attempt(() => decodeConfiguration(next), 'a configuration cannot be read');
      if (
        configurationHashOf(configuration) !== header.nextConfigurationHash ||
        configuration.parentHash !== ruled.hash
      )
        unproven(`the configuration after block ${height} is not the one that the block names`);
      configurations.add(height, configuration);
    }
    headers.push(sealed);
    hashes.set(height, fromHex(sealed.hash));
    tip = sealed;
  }
  return { tip, headers, hashes, configurations };
}

function demandCertified(
  store: Store,
  { header, hash }: SealedHeader,
  configurations: ConfigurationHistory,
  chainId: SealedHeader['header']['chainId'],
  isSigned: SignatureRule,
): void {
  const kept = keptIn(store, certificateKey(header.height));
  if (typeof kept === 'string') unproven(`block ${header.height} has no certificate`);
  const certificate = attempt(() => decodeCertificate(kept), 'a certificate cannot be read');
  const ruled = configurations.at(header.height);
  const fault = certificateFault(certificate, chainId, ruled.configuration, ruled.hash, isSigned);
  if (fault !== undefined || certificate.blockHash !== hash || certificate.height !== header.height)
    unproven(`the certificate of block ${header.height} is not valid`);
}

/** The state that the copy keeps, with everything above `at` undone. */
function stateAt({ store, state, tipHeight }: CertifiedStartOptions, at: number): MemoryRecords {
  const memory = new MemoryRecords();
  for (const [key, record] of state) {
    attempt(() => unchecked(key, record), 'a record of the state is damaged');
    memory.commit([{ key, value: record }]);
  }
  for (let height = tipHeight; height > at; height--) {
    const body = keptIn(store, undoKey(height));
    if (typeof body === 'string') unproven(`what block ${height} replaced is ${body}, so that it cannot be undone`);
    for (const { module, key, before } of attempt(() => decodeUndo(body), 'an undo record cannot be read')) {
      const place = stateKey(module, key);
      memory.commit([{ key: place, value: before && checksummed(place, encodeStateEntry(before)) }]);
    }
  }
  return memory;
}

/** Ids of the transactions of a block, as its transactions root covers them. */
function leavesOf(store: Store, height: number, root: Uint8Array): TransactionId[] {
  const body = keptIn(store, indexKey(height));
  if (typeof body === 'string') unproven(`the outcomes of block ${height} are ${body}`);
  const { leaves } = attempt(() => decodeIndex(body), `the outcomes of block ${height} cannot be read`);
  if (!bytesEqual(merkleRoot(leaves.map(({ leaf }) => leaf)), root))
    unproven(`the outcomes of block ${height} are not those that it names`);
  return leaves.map(({ leaf }) => decodeLeaf(leaf).id);
}

function attempt<T>(read: () => T, reason: string): T {
  try {
    return read();
  } catch {
    return unproven(reason);
  }
}

function unproven(reason: string): never {
  throw new AuditError('AUDIT_START_UNPROVEN', { reason });
}
