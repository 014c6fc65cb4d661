import { assert } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import {
  bytesEqual,
  CborReader,
  concatBytes,
  encodeCbor,
  fromHex,
  type TransactionId,
  toHex,
  writeHex,
} from '@varve/encoding';
import { chainIdOf, decodeConfiguration, decodeHeader, encodeConfiguration, type Genesis } from '@varve/ledger';
import { ConfigurationHistory, headerKey, unchecked } from '@varve/ledger/chain';
import type { AuditCounts, Auditor, AuditStart } from './auditor.ts';
import { BlockHashes } from './block-hashes.ts';
import { AuditError } from './errors.ts';
import { FINDING_CODES, type Finding, Findings } from './finding.ts';
import { bytesOfText, MemoryRecords, type WindowBlock } from './memory-records.ts';
import { Replay, type ReplaySurroundings } from './replay.ts';

const DOMAIN = 'varve/audit-progress/2';
const HASH_BYTES = 32;

/**
 * Where an audit stands, as bytes that another run goes on from: state, hashes of all blocks, configurations, what the
 * replay guard needs, and what was found. A digest at the end tells a file that was cut off or changed by accident;
 * nothing protects it against whoever may write it.
 */
export function encodeProgress(auditor: Auditor): Uint8Array {
  assert(auditor.canPause, 'what is in doubt is not resumed');
  const { replay, findings, counts } = auditor;
  const { ledger, memory } = replay;
  const { tip } = ledger;
  const body = encodeCbor([
    DOMAIN,
    fromHex(ledger.chainId),
    tip.bytes,
    replay.hashes.bytes,
    ledger.configurations.all.slice(1).map((one) => [one.first - 1, encodeConfiguration(one.configuration)]),
    memory.window.map(({ height, until, transactions }) => [
      height,
      headerIn(memory, height),
      until,
      joined(transactions),
    ]),
    [counts.blocks, counts.transactions, counts.skipped, counts.certificates, counts.certifiedHeight],
    [auditor.certifiedLast, auditor.isStateRootWrong, findings.total, auditor.startedAt],
    findings.list.map(({ code, height, transaction, validator, text }) => [
      code,
      height,
      transaction,
      validator,
      text.toWellFormed(),
    ]),
    [...memory.state].map(([key, record]) => [bytesOfText(key), record]),
  ]);
  return concatBytes(body, sha256(body));
}

function headerIn(memory: MemoryRecords, height: number): Uint8Array {
  const record = memory.get(headerKey(height));
  assert(record !== undefined, 'a block of the window has its header');
  return record;
}

/** One id after another. */
function joined(ids: readonly TransactionId[]): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES * ids.length);
  ids.forEach((id, i) => {
    writeHex(id, bytes, HASH_BYTES * i);
  });
  return bytes;
}

/**
 * What `encodeProgress` wrote. The state is held against the state root of the block where the audit stood, and the
 * block hashes against its history root; that the blocks were judged is taken from the file.
 * @throws {AuditError} `AUDIT_PROGRESS_MALFORMED`, `AUDIT_PROGRESS_FOREIGN`.
 */
export function decodeProgress(bytes: Uint8Array, genesis: Genesis, surroundings: ReplaySurroundings): AuditStart {
  const end = bytes.length - HASH_BYTES;
  const body = bytes.subarray(0, Math.max(0, end));
  if (end <= 0 || !bytesEqual(sha256(body), bytes.subarray(end))) throw malformed('it was cut off or changed');
  try {
    return readProgress(body, genesis, surroundings);
  } catch (error) {
    if (error instanceof AuditError) throw error;
    throw malformed(error instanceof Error ? error.message : 'unreadable');
  }
}

function readProgress(body: Uint8Array, genesis: Genesis, surroundings: ReplaySurroundings): AuditStart {
  const reader = new CborReader(body);
  reader.array(10);
  reader.exactText(DOMAIN);
  if (toHex(reader.byteString(HASH_BYTES)) !== chainIdOf(genesis)) throw foreign('it is of another chain');
  const tip = decodeHeader(reader.byteString());
  const hashes = reader.byteString();
  const { height } = tip.header;
  if (hashes.length !== (height + 1) * HASH_BYTES) throw malformed('it has not one hash for each block');
  if (toHex(hashes.subarray(height * HASH_BYTES)) !== tip.hash) throw malformed('its hashes end with another block');
  const configurations = new ConfigurationHistory(genesis.configuration);
  reader.list((inner) => {
    inner.array(2);
    configurations.add(inner.uint(), decodeConfiguration(inner.byteString()));
  });
  const memory = new MemoryRecords();
  const window = reader.list((inner) => readWindow(inner, memory));
  reader.array(5);
  const counts: AuditCounts = {
    blocks: reader.uint(),
    transactions: reader.uint(),
    skipped: reader.uint(),
    certificates: reader.uint(),
    certifiedHeight: reader.uint(),
  };
  reader.array(4);
  const certifiedLast = reader.uint();
  const isStateRootWrong = reader.boolean();
  const total = reader.uint();
  const startedAt = reader.uint();
  const findings = reader.list(readFinding);
  reader.list((inner) => {
    inner.array(2);
    const key = inner.byteString();
    const value = inner.byteString();
    unchecked(key, value);
    memory.commit([{ key: key.slice(), value: value.slice() }]);
  });
  reader.end();
  memory.restoreWindow(window);
  const replay = Replay.resume(genesis, surroundings, { memory, tip, hashes: new BlockHashes(hashes), configurations });
  if (!bytesEqual(replay.ledger.history.rootAt(height), tip.header.historyRoot))
    throw malformed('its hashes are of other blocks');
  if (!isStateRootWrong && !bytesEqual(replay.stateRoot, tip.header.stateRoot))
    throw malformed('its state is not that of the block where it stands');
  return { replay, findings: new Findings(findings, total), counts, certifiedLast, isStateRootWrong, startedAt };
}

function readWindow(reader: CborReader, memory: MemoryRecords): WindowBlock {
  reader.array(4);
  const height = reader.uint();
  memory.commit([{ key: headerKey(height), value: reader.byteString().slice() }]);
  const until = reader.uint();
  const ids = reader.byteString();
  if (ids.length % HASH_BYTES !== 0) throw malformed('an id is cut off');
  const transactions = Array.from({ length: ids.length / HASH_BYTES }, (_, i) => {
    return toHex(ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))) as TransactionId;
  });
  return { height, until, transactions };
}

function readFinding(reader: CborReader): Finding {
  reader.array(5);
  const text = reader.text();
  const code = FINDING_CODES.find((one) => one === text);
  if (code === undefined) throw malformed(`it names an unknown finding ${text}`);
  return {
    code,
    height: reader.nullable((inner) => inner.uint()),
    transaction: reader.nullable((inner) => inner.text()) as TransactionId | null,
    validator: reader.nullable((inner) => inner.text()),
    text: reader.text(),
  };
}

function malformed(reason: string): AuditError {
  return new AuditError('AUDIT_PROGRESS_MALFORMED', { reason });
}

function foreign(reason: string): AuditError {
  return new AuditError('AUDIT_PROGRESS_FOREIGN', { reason });
}
