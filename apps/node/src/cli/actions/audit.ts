import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type AuditStart, startAtCertified } from '@varve/audit';
import { verifySignature } from '@varve/crypto';
import { toHex } from '@varve/encoding';
import { chainIdOf, encodeEvidence, evidenceId, type Genesis } from '@varve/ledger';
import { RECORD_KIND } from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import type { AuditCopy } from '../../audit/copy.ts';
import { openExportCopy } from '../../audit/export-file.ts';
import { ProgressKeeper } from '../../audit/progress-keeper.ts';
import { reportHtml } from '../../audit/report-html.ts';
import { reportText } from '../../audit/report-text.ts';
import { type AuditReport, runAudit } from '../../audit/run-audit.ts';
import { VerdictPool } from '../../audit/verdict-pool.ts';
import { readDevnet } from '../../setup/devnet-folder.ts';
import { makeFolder, writeReport, writeWhole } from '../../setup/files.ts';
import { readGenesisFile } from '../../setup/genesis-file.ts';
import type { Action, Options } from '../command.ts';
import { openCopy } from '../copies.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError, usage } from '../failure.ts';
import { watchInterruption } from '../interruption.ts';
import { progressBar } from '../printer.ts';

/** `audit`. */
export const auditCopies: Action = async ({ printer }, files, options) => {
  const file = options.text('genesis');
  const expected = file === undefined ? undefined : readGenesisFile(file);
  const places = placesOf(files, options);
  const copies: AuditCopy[] = [];
  let pool: VerdictPool | undefined;
  const interruption = watchInterruption();
  try {
    for (const directory of places.directories) copies.push(await openCopy(directory, expected));
    for (const path of places.files) copies.push(openExportCopy(path));
    const [first] = copies;
    if (first === undefined) throw usage('nothing to audit is named', 'add --data DIR, or the name of an export file');
    const genesis = expected ?? first.genesis;
    for (const copy of copies) demandChain(copy, chainIdOf(genesis));
    const progress = options.text('progress');
    const keepers = copies.map((copy, i) =>
      progress === undefined
        ? undefined
        : new ProgressKeeper(i === 0 ? progress : `${progress}.${i + 1}`, copy, genesis),
    );
    const from = options.number('from');
    const starts = [];
    for (const copy of copies) starts.push(from === undefined ? undefined : await certifiedStart(copy, genesis, from));
    pool = new VerdictPool();
    const report = await runAudit({
      copies,
      genesis,
      genesisFrom: file === undefined ? 'copy' : 'file',
      pool,
      keepers,
      starts,
      signal: interruption.signal,
      onProgress: (height, top, transactions) =>
        printer.passing(progressText(height, top, transactions, copies.length)),
    });
    const html = options.text('html');
    if (html !== undefined) writeReport(html, reportHtml(report));
    const evidence = options.text('evidence');
    const written = evidence === undefined ? [] : writeEvidence(evidence, report);
    for (const path of written)
      printer.talk(
        `wrote ${path}; check it with: varve evidence verify ${path} --genesis FILE --configurations ${join(evidence ?? '', CONFIGURATIONS)}`,
      );
    printer.result(bodyOf(report, written), reportText(report));
    return report.clean ? EXIT.ok : EXIT.findings;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    return interruption.exitCode;
  } finally {
    printer.endProgress();
    interruption.stop();
    await pool?.close();
    for (const copy of copies) await copy.close();
  }
};

function progressText(height: number, top: number, transactions: number, copies: number): string {
  const bar = progressBar(Math.min(height, top), top);
  const counted = `${transactions} transaction${transactions === 1 ? '' : 's'}`;
  return copies === 1 ? `${bar} blocks, ${counted}` : `${bar} blocks of ${copies} copies, ${counted} in all`;
}

/** What proves the configurations that evidence names, beside the evidence. */
const CONFIGURATIONS = 'configurations.json';

async function certifiedStart(copy: AuditCopy, genesis: Genesis, from: number): Promise<AuditStart> {
  const { derived, claim } = copy;
  if (derived === undefined || claim === undefined)
    throw usage(`${copy.name} keeps no state to begin from`, 'leave out --from, or name a data directory');
  if (from > claim.finalHeight)
    throw usage(`${copy.name} is final up to ${claim.finalHeight}`, 'choose a lower --from');
  const state: (readonly [Uint8Array, Uint8Array])[] = [];
  for await (const entry of copy.records()) if (entry[0][0] === RECORD_KIND.state) state.push(entry);
  const surroundings = { modules: builtinModules(), accounts: accountDirectory, isSigned: verifySignature };
  return startAtCertified({ ...surroundings, genesis, store: derived, tipHeight: claim.height, state }, from);
}

function placesOf(
  files: readonly string[],
  options: Options,
): { readonly directories: string[]; readonly files: string[] } {
  const directories = options.list('data').flatMap((directory) => {
    const devnet = readDevnet(resolve(directory));
    return devnet ? devnet.validators.map(({ dataDirectory }) => dataDirectory) : [directory];
  });
  return { directories, files: [...options.list('export'), ...files] };
}

function demandChain(copy: AuditCopy, chainId: string): void {
  const is = chainIdOf(copy.genesis);
  if (is === chainId) return;
  throw new CliError('STORE_FOREIGN', `${copy.name} is of chain ${is}, not of ${chainId}`);
}

function writeEvidence(directory: string, { contradictions, configurations }: AuditReport): string[] {
  makeFolder(directory);
  if (configurations) writeReport(join(directory, CONFIGURATIONS), `${JSON.stringify(configurations, undefined, 2)}\n`);
  return contradictions.flatMap(({ validator, height, record }) => {
    const path = join(directory, `${validator}-${height}-${evidenceId(record).slice(0, 16)}.evidence`);
    if (!existsSync(path)) writeWhole(path, encodeEvidence(record));
    return [path];
  });
}

function bodyOf(report: AuditReport, written: readonly string[]): unknown {
  return {
    ...report,
    contradictions: report.contradictions.map(({ record, ...one }) => ({
      ...one,
      record: toHex(encodeEvidence(record)),
    })),
    evidence: written,
  };
}
