import { randomBytes } from 'node:crypto';
import {
  type AuditCounts,
  AuditError,
  Auditor,
  type CopiedBlock,
  type OpenedPayload,
  openPayload,
  StoreCheck,
} from '@varve/audit';
import { verifySignature } from '@varve/crypto';
import { fromHex, latin1 } from '@varve/encoding';
import { decodeCertificate, type Genesis, type SealedHeader, sealSignBytes, type Transaction } from '@varve/ledger';
import { accountDirectory, builtinModules } from '@varve/modules';
import { ConfigurationSteps } from './configuration-steps.ts';
import type { AuditCopy } from './copy.ts';
import type { BlockVerdicts, VerdictPool } from './verdict-pool.ts';
import type { SealQuestion } from './verdict-worker.ts';

/** Blocks read ahead of the execution, so that their signatures are judged meanwhile. */
const AHEAD_BLOCKS_MAX = 256;
const AHEAD_BYTES_MAX = 8 * 1024 * 1024;

interface Ahead {
  readonly block: CopiedBlock;
  readonly opened: OpenedPayload | undefined;
  readonly bytes: number;
  readonly seals: readonly SealQuestion[];
  readonly verdicts: Promise<BlockVerdicts> | undefined;
  readonly learn: (verdicts: BlockVerdicts) => void;
}

/** One block that was judged. */
export interface JudgedBlock {
  readonly block: CopiedBlock;
  readonly sealed: SealedHeader | undefined;
  readonly isCertified: boolean;
}

/** The audit of one copy, driven block by block. */
export class CopyAudit {
  readonly copy: AuditCopy;
  readonly auditor: Auditor;
  readonly steps: ConfigurationSteps = new ConfigurationSteps();
  readonly #pool: VerdictPool;
  readonly #blocks: AsyncIterator<CopiedBlock>;
  readonly #ahead: Ahead[] = [];
  /** Seals that the threads found to be good, until their block is judged. */
  readonly #goodSeals = new Set<string>();
  #aheadBytes = 0;
  #isRead = false;

  constructor(
    copy: AuditCopy,
    genesis: Genesis,
    pool: VerdictPool,
    start?: ConstructorParameters<typeof Auditor>[0]['start'],
  ) {
    this.copy = copy;
    this.#pool = pool;
    this.auditor = new Auditor({
      genesis,
      modules: builtinModules(),
      accounts: accountDirectory,
      derived: copy.derived,
      claim: copy.claim,
      start,
      isSigned: (publicKey, message, signature) =>
        this.#goodSeals.delete(sealId({ publicKey, message, signature })) ||
        verifySignature(publicKey, message, signature),
    });
    const known = new Set(this.auditor.findings.list.map(({ text }) => text));
    for (const { code, height, text } of copy.faults)
      if (!known.has(text)) this.auditor.findings.add(code, height, text);
    const next = this.auditor.height + 1;
    if (copy.first > next) {
      const stands = start === undefined ? '' : `; the one named stands at height ${next - 1}`;
      const reason = `${copy.name} begins at height ${copy.first}: its audit needs the progress of an audit up to height ${copy.first - 1} (--progress FILE)${stands}, or the blocks from 1 on`;
      throw new AuditError('AUDIT_PROGRESS_MISSING', { reason });
    }
    this.#blocks = copy.blocks(next)[Symbol.asyncIterator]();
  }

  get counts(): AuditCounts {
    return this.auditor.counts;
  }

  /** Judges the next block; undefined after the last. */
  async step(): Promise<JudgedBlock | undefined> {
    await this.#readAhead();
    const next = this.#ahead.shift();
    if (next === undefined) return undefined;
    this.#aheadBytes -= next.bytes;
    const verdicts = next.verdicts && (await Promise.race([next.verdicts, this.#pool.failure]));
    if (verdicts) next.learn(verdicts);
    const judged = this.auditor.next(next.block, next.opened);
    this.#goodSeals.clear();
    const passed = { block: next.block, ...judged };
    this.steps.note(passed);
    return passed;
  }

  /** After the last block: everything that only the whole copy shows. */
  async end(signal?: AbortSignal): Promise<void> {
    this.auditor.end();
    if (this.copy.derived === undefined) return;
    const check = new StoreCheck(this.auditor, randomBytes(32));
    for await (const [key, record] of this.copy.records()) {
      signal?.throwIfAborted();
      check.add(key, record);
    }
    check.end();
  }

  async #readAhead(): Promise<void> {
    // Read in runs: one question to a thread then holds many small blocks.
    if (this.#ahead.length > AHEAD_BLOCKS_MAX / 2 || this.#aheadBytes > AHEAD_BYTES_MAX / 2) return;
    while (!this.#isRead && this.#ahead.length < AHEAD_BLOCKS_MAX && this.#aheadBytes < AHEAD_BYTES_MAX) {
      const { value, done } = await this.#blocks.next();
      if (done) this.#isRead = true;
      else this.#prepare(value);
    }
    this.#pool.flush();
  }

  #prepare(block: CopiedBlock): void {
    const { payload } = block;
    if (typeof payload === 'string') {
      this.#ahead.push({ block, opened: undefined, bytes: 0, seals: [], verdicts: undefined, learn: () => undefined });
      return;
    }
    const good = new Set<Transaction>();
    const opened = openPayload(payload, (transaction) => good.has(transaction));
    const seals = this.#sealsOf(block);
    const learn = (verdicts: BlockVerdicts): void => {
      opened?.decoded.forEach((transaction, i) => {
        if (transaction && verdicts.items[i] === 1) good.add(transaction);
      });
      seals.forEach((seal, i) => {
        if (verdicts.seals[i] === 1) this.#goodSeals.add(sealId(seal));
      });
    };
    this.#ahead.push({
      block,
      opened,
      bytes: payload.length,
      seals,
      learn,
      verdicts: this.#pool.judge(payload, seals),
    });
    this.#aheadBytes += payload.length;
  }

  /** The seals that a certificate should hold if no block in between changes the configuration; others are judged later. */
  #sealsOf({ certificate: kept }: CopiedBlock): SealQuestion[] {
    if (typeof kept === 'string') return [];
    try {
      const certificate = decodeCertificate(kept);
      const { chainId, configurations } = this.auditor.replay.ledger;
      const { configuration, hash } = configurations.newest;
      const message = sealSignBytes(chainId, hash, certificate.height, certificate.blockHash);
      return certificate.signatures.flatMap(({ validatorIndex, signature }) => {
        const member = configuration.validators[validatorIndex];
        return member ? [{ publicKey: fromHex(member.signingKey), message, signature }] : [];
      });
    } catch {
      return [];
    }
  }
}

function sealId({ publicKey, message, signature }: SealQuestion): string {
  return `${latin1(publicKey)}${latin1(signature)}${latin1(message)}`;
}
