import type { Finding } from '@varve/audit';
import type { AuditReport, CopyReport } from './run-audit.ts';

/** Findings printed for each copy; the JSON has all. */
const FINDINGS_SHOWN = 50;

/** The report for people: what it comes to first, then what was found. */
export function reportText(report: AuditReport): string {
  const lines = [verdictOf(report), ''];
  lines.push(`chain     ${report.chainId}  ${report.title}`);
  lines.push(`genesis   from ${whenceOf(report)}`);
  lines.push(`audited   ${report.auditedAt}, by ${report.program}`);
  const agreed = agreementOf(report);
  if (agreed !== undefined) lines.push(`copies    ${agreed}`);
  for (const copy of report.copies) lines.push('', ...copyLines(copy));
  if (report.divergence) {
    lines.push('', `The copies differ from height ${report.divergence.height} on: ${report.divergenceText}.`);
    for (const { copy, blockHash, isCertified } of report.divergence.blocks)
      lines.push(`  ${copy}: ${blockHash}${isCertified ? ', certified' : ''}`);
  }
  const seconds = (report.milliseconds / 1000).toFixed(1);
  lines.push('', `${seconds} s, ${report.transactionsPerSecond} transactions a second`);
  return lines.join('\n');
}

/** One sentence. */
export function verdictOf({ clean, copies }: AuditReport): string {
  const total = copies.reduce((sum, copy) => sum + copy.findingsTotal, 0);
  const which = copies.length === 1 ? 'the copy' : `${copies.length} copies`;
  if (clean) return `clean: nothing is wrong with ${which}`;
  return `${total} finding${total === 1 ? '' : 's'} in ${which}`;
}

/** Where the genesis document comes from, which everything else is held against. */
export function whenceOf({ genesisFrom }: AuditReport): string {
  return genesisFrom === 'file'
    ? 'the file given'
    : 'the copy itself, since no document was named: compare the chain id by other means';
}

/** Up to which height several copies hold the same blocks; undefined for a single copy. */
export function agreementOf({ agreedHeight, divergence }: AuditReport): string | undefined {
  if (agreedHeight === null) return undefined;
  const shared = `agree up to height ${agreedHeight}`;
  return divergence === null
    ? `${shared}: they hold the same blocks`
    : `${shared}, and differ from height ${divergence.height} on`;
}

/** What was judged, and by which run. */
export function spanOf({ startedAt, resumedAt, height, finalHeight }: CopyReport): string {
  const begun = startedAt === 0 ? 'genesis' : `height ${startedAt}, on the word of those who certified it,`;
  const resumed = resumedAt === null ? begun : `${begun} to height ${resumedAt} by an earlier audit, then`;
  return `from ${resumed} to height ${height}${finalHeight === null ? '' : `, final up to ${finalHeight}`}`;
}

/** What is no fault, though nothing came of it. */
export const PASSED_OVER =
  'items of payloads that the rules skip without a trace, such as a transaction that is there already, came too late or is not signed by an active key; no fault';

function copyLines(copy: CopyReport): string[] {
  const { counts } = copy;
  const lines = [`${copy.kind} ${copy.copy}`];
  lines.push(`  judged    ${spanOf(copy)}`);
  lines.push(`  executed  ${counts.blocks} blocks, ${counts.transactions} transactions, ${counts.skipped} passed over`);
  if (counts.skipped > 0) lines.push(`            (passed over: ${PASSED_OVER})`);
  lines.push(`  seals     ${counts.certificates} certificates, the highest of height ${counts.certifiedHeight}`);
  lines.push(`  newest    ${copy.blockHash ?? 'unreadable'}`);
  lines.push(`  state     ${copy.stateRoot}`);
  if (copy.notJudged) {
    const { from, reason, certificatesFrom } = copy.notJudged;
    lines.push(`  not judged: execution, outcomes and state from height ${from} on, since ${reason}`);
    if (certificatesFrom !== null)
      lines.push(`  not judged: seals from height ${certificatesFrom} on, since it is not known who ruled`);
  }
  if (copy.findingsTotal === 0) lines.push('  nothing found');
  for (const finding of copy.findings.slice(0, FINDINGS_SHOWN)) lines.push(`  ${findingLine(finding)}`);
  const more = copy.findingsTotal - Math.min(copy.findings.length, FINDINGS_SHOWN);
  if (more > 0) lines.push(`  and ${more} more: --json lists them`);
  return lines;
}

function findingLine({ code, height, transaction, validator, text }: Finding): string {
  const at = height === null ? '' : ` at height ${height}`;
  const of = transaction === null ? '' : `, transaction ${transaction}`;
  const by = validator === null ? '' : `, ${validator}`;
  return `${code}${at}${of}${by}: ${text}`;
}
