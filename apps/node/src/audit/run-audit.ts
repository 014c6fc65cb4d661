import type { AuditCounts, AuditStart, Finding, NotJudged } from '@varve/audit';
import type { ConfigurationsAnswer } from '@varve/client';
import { type ChainId, toHex } from '@varve/encoding';
import { chainIdOf, type Genesis } from '@varve/ledger';
import { VERSION } from '../version.ts';
import { agreedHeightOf } from './agreement.ts';
import type { AuditCopy } from './copy.ts';
import { CopyAudit, type JudgedBlock } from './copy-audit.ts';
import { type Contradiction, type Divergence, ForkWatch } from './divergence.ts';
import type { ProgressKeeper } from './progress-keeper.ts';
import type { VerdictPool } from './verdict-pool.ts';

/** What was found in one copy. */
export interface CopyReport {
  readonly copy: string;
  readonly kind: AuditCopy['kind'];
  /** Height from which on blocks were executed: 0 for genesis, else one whose certificate is trusted. */
  readonly startedAt: number;
  /** Height at which this run began: what is below was judged by an earlier one. */
  readonly resumedAt: number | null;
  /** Newest block that was judged. */
  readonly height: number;
  /** As the copy claims. */
  readonly finalHeight: number | null;
  readonly blockHash: string | null;
  /** Root of the state after the newest block that was executed. */
  readonly stateRoot: string;
  readonly counts: Readonly<AuditCounts>;
  readonly notJudged: NotJudged | null;
  readonly findings: readonly Finding[];
  /** With those that are not listed. */
  readonly findingsTotal: number;
}

/** Everything that an audit says. */
export interface AuditReport {
  /** Whether nothing at all was found. */
  readonly clean: boolean;
  readonly chainId: ChainId;
  readonly title: string;
  /** When the audit began, RFC 3339, by the clock of this machine. */
  readonly auditedAt: string;
  /** Name and version of the program that judged. */
  readonly program: string;
  /** `copy`: nobody named the genesis document, so that the chain id is to be compared by other means. */
  readonly genesisFrom: 'file' | 'copy';
  readonly copies: readonly CopyReport[];
  /** Height up to which all copies hold the same blocks, 0 for block 0 alone; null for a single copy. */
  readonly agreedHeight: number | null;
  readonly divergence: Divergence | null;
  readonly contradictions: readonly Contradiction[];
  /** Where there are contradictions: the configurations of the first copy, for whoever checks them. */
  readonly configurations: ConfigurationsAnswer | null;
  readonly divergenceText: string | null;
  readonly milliseconds: number;
  /** Transactions executed and judged in a second, of all copies together. */
  readonly transactionsPerSecond: number;
}

/** How an audit is run. */
export interface RunAuditOptions {
  readonly copies: readonly AuditCopy[];
  readonly genesis: Genesis;
  readonly genesisFrom: AuditReport['genesisFrom'];
  readonly pool: VerdictPool;
  /** Keeps how far each copy was judged; in the order of the copies. */
  readonly keepers: readonly (ProgressKeeper | undefined)[];
  /** Begin at certified blocks, where no keeper says otherwise; in the order of the copies. */
  readonly starts?: readonly (AuditStart | undefined)[];
  /** Ends the audit, which saves how far it came. */
  readonly signal?: AbortSignal;
  /** Called now and then, and after the last block, with the lowest height that was judged and the highest to be judged. */
  readonly onProgress: (height: number, top: number, transactions: number) => void;
}

const PROGRESS_MS = 250;

/** Audits copies side by side. */
export async function runAudit(options: RunAuditOptions): Promise<AuditReport> {
  const { copies, genesis, pool, keepers, onProgress } = options;
  const began = performance.now();
  const auditedAt = new Date().toISOString();
  const audits = copies.map((copy, i) => new CopyAudit(copy, genesis, pool, keepers[i]?.start ?? options.starts?.[i]));
  const resumed = audits.map(({ auditor }, i) => (keepers[i]?.start ? auditor.height : null));
  const before = audits.map(({ counts }) => counts.transactions);
  const watch = new ForkWatch();
  const top = Math.max(...copies.map(({ claim }) => claim?.height ?? 0));
  let told = 0;
  // Copies may be resumed at different heights: the lowest goes first, so that equal heights meet.
  const open = new Set(audits);
  while (open.size > 0) {
    if (options.signal?.aborted) for (const [i, { auditor }] of audits.entries()) keepers[i]?.save(auditor);
    options.signal?.throwIfAborted();
    const height = Math.min(...[...open].map(({ auditor }) => auditor.height)) + 1;
    const blocks: JudgedBlock[] = [];
    const judgedBy: CopyAudit[] = [];
    for (const audit of [...open].filter(({ auditor }) => auditor.height === height - 1)) {
      const judged = await audit.step();
      if (judged === undefined) open.delete(audit);
      else {
        blocks.push(judged);
        judgedBy.push(audit);
        keepers[audits.indexOf(audit)]?.passed(audit.auditor);
      }
    }
    if (blocks.length > 1)
      watch.compare(
        height,
        blocks,
        judgedBy.map(({ copy, auditor }) => ({ name: copy.name, auditor })),
      );
    if (open.size > 0 && performance.now() - told > PROGRESS_MS) {
      told = performance.now();
      onProgress(height, top, transactionsOf(audits));
    }
  }
  onProgress(top, top, transactionsOf(audits));
  for (const [i, audit] of audits.entries()) {
    keepers[i]?.save(audit.auditor);
    await audit.end(options.signal);
  }
  const agreedHeight = audits.length > 1 ? await agreedHeightOf(audits, watch) : null;
  if (watch.divergence) {
    for (const { auditor, copy } of audits) {
      if (!watch.divergence.blocks.some((side) => side.copy === copy.name)) continue;
      const others = watch.divergence.blocks.filter((side) => side.copy !== copy.name);
      const text = `${others.map((side) => `${side.copy} has ${side.blockHash}`).join(', ')}; ${watch.describe()}`;
      auditor.findings.add('COPIES_DIVERGE', watch.divergence.height, text);
    }
  }
  const [first] = audits;
  const milliseconds = performance.now() - began;
  const reports = audits.map((audit, i) => reportOf(audit, resumed[i] ?? null));
  const judged = audits.reduce((sum, { counts }, i) => sum + counts.transactions - (before[i] ?? 0), 0);
  return {
    clean: reports.every(({ findingsTotal, notJudged }) => findingsTotal === 0 && notJudged === null),
    chainId: chainIdOf(genesis),
    title: genesis.title,
    auditedAt,
    program: `varve ${VERSION}`,
    genesisFrom: options.genesisFrom,
    copies: reports,
    agreedHeight,
    divergence: watch.divergence ?? null,
    contradictions: watch.contradictions,
    configurations: watch.contradictions.length > 0 && first ? first.steps.answer(first.auditor) : null,
    divergenceText: watch.divergence ? watch.describe() : null,
    milliseconds: Math.round(milliseconds),
    transactionsPerSecond: Math.round((judged * 1000) / Math.max(1, milliseconds)),
  };
}

/** Of all copies together. */
function transactionsOf(audits: readonly CopyAudit[]): number {
  return audits.reduce((sum, { counts }) => sum + counts.transactions, 0);
}

function reportOf({ copy, auditor, counts }: CopyAudit, resumedAt: number | null): CopyReport {
  const { findings, notJudged, replay } = auditor;
  return {
    copy: copy.name,
    kind: copy.kind,
    startedAt: auditor.startedAt,
    resumedAt,
    height: auditor.height,
    finalHeight: copy.claim?.finalHeight ?? null,
    blockHash: auditor.tipHash ?? null,
    stateRoot: toHex(replay.stateRoot),
    counts: { ...counts },
    notJudged: notJudged ?? null,
    findings: findings.list,
    findingsTotal: findings.total,
  };
}
