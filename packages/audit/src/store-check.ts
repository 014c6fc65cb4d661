import { sha256 } from '@varve/crypto';
import { bytesEqual, fromHex, latin1, toHex } from '@varve/encoding';
import { chainIdOf, decodeEvidence, encodeGenesis, judgeEvidence, stateTreeKey } from '@varve/ledger';
import {
  decodeTip,
  metaKey,
  parseNumber,
  parseStateKey,
  RECORD_KIND,
  STORE_FORMAT,
  unchecked,
} from '@varve/ledger/chain';
import { StateTree } from '@varve/merkle';
import type { Auditor, CopyClaim } from './auditor.ts';
import type { Kept } from './copied-block.ts';
import { keptIn } from './derived-check.ts';
import { IndexCheck } from './index-check.ts';
import { bytesOfText } from './memory-records.ts';

/** Records about the store itself; the last two are there at times. */
const META_NEEDED = ['format', 'chain', 'genesis', 'identity'] as const;
const META_NAMES: ReadonlySet<string> = new Set([...META_NEEDED, 'boots', 'observer-only']);
const KINDS: ReadonlySet<number> = new Set(Object.values(RECORD_KIND));
const { header, heightOf, certificate, index, undo, places, state, configuration, evidence, meta } = RECORD_KIND;
/** Kinds whose keys are the kind and a height of 8 bytes. */
const NUMBERED: ReadonlySet<number> = new Set([header, certificate, index, undo, configuration]);
const NUMBERED_KEY_BYTES = 9;
/** Kinds whose damage is named with the block that it concerns. */
const OF_BLOCKS: ReadonlySet<number> = new Set([header, heightOf, certificate, index, undo, configuration]);

/**
 * Looks at every record of a store after its blocks were judged: what execution did not ask for must not be there, the
 * state must be the one that execution gives, and no record may be damaged.
 */
export class StoreCheck {
  readonly #auditor: Auditor;
  readonly #stateSeen = new Set<string>();
  readonly #metaSeen = new Set<string>();
  /** Leaves of the kept state, where execution did not come so far as to compare each key. */
  readonly #leaves = new StateTree();
  readonly #isWhole: boolean;
  /** Not for a copy of the format before, which has a record for the place of each transaction. */
  readonly #index: IndexCheck | undefined;
  readonly #isOld: boolean;
  #damaged = 0;

  /** @param secret - 32 random bytes, drawn after the copy was made. */
  constructor(auditor: Auditor, secret: Uint8Array) {
    this.#auditor = auditor;
    const { claim, replay, notJudged, derived } = auditor;
    const { height } = replay.ledger.tip.header;
    this.#isWhole = notJudged === undefined && claim !== undefined && height === claim.height;
    this.#isOld = derived !== undefined && isOldFormat(keptIn(derived, metaKey('format')));
    if (derived && claim && !this.#isOld)
      this.#index = new IndexCheck(auditor, derived, Math.min(claim.height, auditor.height), secret);
  }

  /** Every record, in any order. */
  add(key: Uint8Array, record: Uint8Array): void {
    const { findings } = this.#auditor;
    const kind = key[0] ?? -1;
    let body: Uint8Array;
    try {
      body = unchecked(key, record);
    } catch {
      this.#damaged += 1;
      if (!this.#isNamed(kind, key)) findings.add('RECORD_DAMAGED', null, `${nameOf(key)} has a wrong checksum`);
      if (kind === state) this.#stateSeen.add(latin1(key));
      if (kind === places) this.#index?.damaged();
      return;
    }
    if (!KINDS.has(kind)) findings.add('RECORD_UNEXPECTED', null, `${nameOf(key)} is of no known kind`);
    if (NUMBERED.has(kind) && key.length !== NUMBERED_KEY_BYTES) {
      findings.add('RECORD_UNEXPECTED', null, `${nameOf(key)} has a key of another length`);
      return;
    }
    if (kind === state) this.#checkState(key, body);
    else if (kind === meta) this.#checkMeta(key, body);
    else if (kind === evidence) this.#checkEvidence(key, body);
    else if (kind === heightOf) this.#checkHeightOf(key, body);
    else if (kind === places) this.#index?.page(key, body);
    else this.#checkPlace(kind, key);
    if (kind === index) this.#index?.block(parseNumber(key), body);
  }

  /** After the last record. */
  end(): void {
    const { findings, replay, claim } = this.#auditor;
    for (const name of META_NEEDED) {
      if (this.#metaSeen.has(name) || this.#damaged > 0) continue;
      findings.add('GENESIS_WRONG', null, `the record "${name}", which says what the store is, is missing`);
    }
    this.#index?.end();
    if (!this.#isWhole) return this.#compareRoot();
    for (const text of replay.memory.state.keys()) {
      if (this.#stateSeen.has(text)) continue;
      findings.add('STATE_WRONG', claim?.height ?? null, `${stateName(bytesOfText(text))} is missing`);
    }
  }

  /** Damage of what belongs to a block that was executed was found there. */
  #isNamed(kind: number, key: Uint8Array): boolean {
    const { height } = this.#auditor.replay.ledger.tip.header;
    if (!OF_BLOCKS.has(kind) && kind !== RECORD_KIND.payload) return false;
    if (kind === header || kind === certificate) return parseNumber(key) <= this.#auditor.height;
    if (kind === index || kind === undo || kind === configuration)
      return parseNumber(key) <= height && parseNumber(key) > 0;
    return false;
  }

  #checkState(key: Uint8Array, body: Uint8Array): void {
    const text = latin1(key);
    this.#stateSeen.add(text);
    const { findings, replay, claim } = this.#auditor;
    if (!this.#isWhole) {
      const parsed = parseStateKey(key);
      this.#leaves.stage(stateTreeKey(parsed.module, parsed.key), sha256(body));
      return;
    }
    const right = replay.memory.state.get(text);
    const height = claim?.height ?? null;
    if (right === undefined)
      findings.add('STATE_WRONG', height, `${stateName(key)} is kept, but no block put it there`);
    else if (!bytesEqual(unchecked(key, right), body))
      findings.add('STATE_WRONG', height, `${stateName(key)} is not what execution gives`);
  }

  /** Where the blocks could not be executed, the state can still be held against the newest header. */
  #compareRoot(): void {
    const { findings, newestStateRoot, claim } = this.#auditor;
    if (newestStateRoot === undefined || claim === undefined) return;
    if (!bytesEqual(this.#leaves.commit(claim.height).root, newestStateRoot))
      findings.add('STATE_WRONG', claim.height, 'the state is not the one of the newest header');
  }

  #checkMeta(key: Uint8Array, body: Uint8Array): void {
    const { findings, genesis } = this.#auditor;
    const name = latin1(key.subarray(1));
    this.#metaSeen.add(name);
    if (!META_NAMES.has(name)) findings.add('RECORD_UNEXPECTED', null, `${nameOf(key)} is of no known name`);
    const expected: Readonly<Record<string, Uint8Array>> = {
      format: Uint8Array.of(STORE_FORMAT),
      chain: fromHex(chainIdOf(genesis)),
      genesis: encodeGenesis(genesis),
    };
    const right = expected[name];
    if (right === undefined || bytesEqual(body, right)) return;
    const isOld = name === 'format' && this.#isOld;
    const text = isOld
      ? 'the copy has the format of an earlier version: start its node once with this one, and audit it then'
      : `the record "${name}" is not of the genesis document`;
    findings.add('GENESIS_WRONG', null, text);
  }

  #checkEvidence(key: Uint8Array, body: Uint8Array): void {
    const { findings, replay, isSigned } = this.#auditor;
    try {
      const record = decodeEvidence(body);
      const ruled = replay.ledger.configurations.withHash(record.configurationHash);
      const judged = ruled && judgeEvidence(record, replay.ledger.chainId, ruled.configuration, isSigned);
      if (judged?.ok) return;
      const why = judged === undefined ? 'its configuration is unknown' : judged.reason;
      findings.add('EVIDENCE_INVALID', null, `${nameOf(key)}: the evidence proves nothing: ${why}`);
    } catch {
      findings.add('EVIDENCE_INVALID', null, `${nameOf(key)}: the evidence cannot be read`);
    }
  }

  #checkHeightOf(key: Uint8Array, body: Uint8Array): void {
    if (!this.#isWhole) return;
    const { findings, replay } = this.#auditor;
    const at = body.length === 8 ? parseNumber(new Uint8Array([0, ...body])) : -1;
    if (replay.ledger.isBlock(at, toHex(key.subarray(1)) as Parameters<typeof replay.ledger.isBlock>[1])) return;
    findings.add('RECORD_UNEXPECTED', at < 0 ? null : at, `${nameOf(key)} names no block of this chain`);
  }

  #checkPlace(kind: number, key: Uint8Array): void {
    const { findings, claim, replay } = this.#auditor;
    if (claim === undefined) return;
    if (kind === configuration) {
      const isKnown = replay.ledger.configurations.all.some(({ first }) => first - 1 === parseNumber(key));
      if (!isKnown) findings.add('RECORD_UNEXPECTED', parseNumber(key), 'no block changed the configuration here');
    } else if (OF_BLOCKS.has(kind) && kind !== header && parseNumber(key) === 0) {
      findings.add('RECORD_UNEXPECTED', 0, `${nameOf(key)} is kept, but block 0 has none`);
    } else if (OF_BLOCKS.has(kind) && parseNumber(key) > claim.height) {
      const text = `${nameOf(key)} is kept, above ${claim.height}, which the copy claims as its newest block`;
      findings.add(kind === header ? 'TIP_WRONG' : 'RECORD_UNEXPECTED', parseNumber(key), text);
    }
  }
}

function isOldFormat(body: Kept): boolean {
  return typeof body !== 'string' && body.length === 1 && (body[0] as number) < STORE_FORMAT;
}

/** The tip record of a store, as a claim; undefined where it says nothing. */
export function claimOf(body: Uint8Array): CopyClaim | undefined {
  try {
    const { height, finalHeight, blockHash, applied } = decodeTip(body);
    return { height, finalHeight, blockHash: toHex(blockHash) as CopyClaim['blockHash'], applied };
  } catch {
    return undefined;
  }
}

function stateName(key: Uint8Array): string {
  const parsed = parseStateKey(key);
  const text = String.fromCharCode(...parsed.key.subarray(0, 96));
  const readable = /^[\x20-\x7e]+$/.test(text) ? ` (${text})` : '';
  return `the value of ${parsed.module} ${toHex(parsed.key)}${readable}`;
}

function nameOf(key: Uint8Array): string {
  const kind = Object.entries(RECORD_KIND).find(([, byte]) => byte === key[0])?.[0] ?? 'unknown';
  return `the record ${kind} ${toHex(key.subarray(1))}`;
}
