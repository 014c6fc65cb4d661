import { agreementOf, PASSED_OVER, spanOf, verdictOf, whenceOf } from './report-text.ts';
import type { AuditReport, CopyReport } from './run-audit.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2126}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d6dbe0}
.clean{color:#176b2c}.found{color:#a4171b}@media(prefers-color-scheme:dark){body{background:#14181c;color:#e2e7ec}
td,th{border-color:#39424b}.clean{color:#6bd18a}.found{color:#ff8b85}}`;

/** Text as it may stand in a page, also inside an attribute. */
function escapeHtml(text: string | number): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return String(text).replace(/[&<>"']/g, (character) => names[character] ?? '');
}

/** The report as one page that needs nothing else: no script, and nothing from anywhere. */
export function reportHtml(report: AuditReport): string {
  const mood = report.clean ? 'clean' : 'found';
  const agreed = agreementOf(report);
  const fork = report.divergence
    ? `<h2>The copies differ from height ${report.divergence.height} on</h2><p>${escapeHtml(report.divergenceText ?? '')}</p>${table(
        ['copy', 'block', 'certified'],
        report.divergence.blocks.map((one) => [one.copy, one.blockHash, one.isCertified ? 'yes' : 'no']),
      )}`
    : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Audit of ${escapeHtml(report.title)}</title><style>${STYLE}</style></head><body>
<h1>Audit of ${escapeHtml(report.title)}: <span class="${mood}">${escapeHtml(verdictOf(report))}</span></h1>
${table(
  ['', ''],
  [
    ['chain', report.chainId],
    ['genesis', `from ${whenceOf(report)}`],
    ['audited', `${report.auditedAt}, by ${report.program}`],
    ...(agreed === undefined ? [] : [['copies', agreed]]),
    ['took', `${(report.milliseconds / 1000).toFixed(1)} s, ${report.transactionsPerSecond} transactions a second`],
  ],
)}
${fork}${report.copies.map(copySection).join('\n')}
</body></html>
`;
}

function copySection(copy: CopyReport): string {
  const { counts } = copy;
  const rows: [string, string][] = [
    ['judged', spanOf(copy)],
    ['executed', `${counts.blocks} blocks, ${counts.transactions} transactions`],
    ['passed over', `${counts.skipped}: ${PASSED_OVER}`],
    ['certificates', `${counts.certificates}, the highest of height ${counts.certifiedHeight}`],
    ['newest block', copy.blockHash ?? 'unreadable'],
    ['state root', copy.stateRoot],
  ];
  if (copy.notJudged)
    rows.push([
      'not judged',
      `execution, outcomes and state from height ${copy.notJudged.from} on, since ${copy.notJudged.reason}`,
    ]);
  const seals = copy.notJudged?.certificatesFrom ?? null;
  if (seals !== null) rows.push(['not judged', `seals from height ${seals} on, since it is not known who ruled`]);
  const found = copy.findings.map((one) => [
    one.code,
    String(one.height ?? ''),
    [one.transaction, one.validator].filter((part) => part !== null).join(' '),
    one.text,
  ]);
  const more = copy.findingsTotal - copy.findings.length;
  const list =
    found.length === 0 ? '<p class="clean">Nothing found.</p>' : table(['finding', 'height', 'of', 'what'], found);
  return `<h2>${escapeHtml(copy.kind)} <code>${escapeHtml(copy.copy)}</code></h2>${table(['', ''], rows)}${list}${more > 0 ? `<p>and ${more} more</p>` : ''}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${/^[0-9a-f]{64}/.test(cell) ? `<code>${escapeHtml(cell)}</code>` : escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const top = head.some((cell) => cell !== '') ? line(head, 'th') : '';
  return `<table>${top}${rows.map((row) => line(row, 'td')).join('')}</table>`;
}
