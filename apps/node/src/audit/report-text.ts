import type { Finding } from '@varve/audit';
import type { AuditReport, CopyReport } from './run-audit.ts';

/** Findings printed for each copy; the JSON has all. */
const FINDINGS_SHOWN = 50;

/** The report for people: what it comes to first, then what was found. */
export function reportText(report: AuditReport): string {
  const lines = [verdictOf(report), ''];
  lines.push(`chain     ${report.chainId}  ${report.title}`);
  const whence =
    report.genesisFrom === 'file' ? 'the file given' : 'the copy itself: compare the chain id by other means';
  lines.push(`genesis   from ${whence}`);
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

function copyLines(copy: CopyReport): string[] {
  const { counts } = copy;
  const lines = [`${copy.kind} ${copy.copy}`];
  const begun = copy.startedAt === 0 ? 'genesis' : `height ${copy.startedAt}, on the word of those who certified it,`;
  const resumed = copy.resumedAt === null ? begun : `${begun} to height ${copy.resumedAt} by an earlier audit, then`;
  const final = copy.finalHeight === null ? '' : `, final up to ${copy.finalHeight}`;
  lines.push(`  judged    from ${resumed} to height ${copy.height}${final}`);
  lines.push(`  executed  ${counts.blocks} blocks, ${counts.transactions} transactions, ${counts.skipped} passed over`);
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
