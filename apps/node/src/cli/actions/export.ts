import { resolve } from 'node:path';
import { isHex } from '@varve/encoding';
import { writeExport } from '../../audit/write-export.ts';
import { readDevnet } from '../../setup/devnet-folder.ts';
import { readText } from '../../setup/files.ts';
import type { Action } from '../command.ts';
import { openCopy } from '../copies.ts';
import { usage } from '../failure.ts';
import { watchInterruption } from '../interruption.ts';
import { pairs, progressBar } from '../printer.ts';

const PROGRESS_MS = 250;

/** `export`. */
export const exportCopy: Action = async ({ printer }, _, options) => {
  const data = options.text('data') ?? '';
  const [out, csv, jsonl, receipts] = ['out', 'csv', 'jsonl', 'receipts'].map((name) => options.text(name));
  if ([out, csv, jsonl, receipts].every((path) => path === undefined))
    throw usage('nothing to write is named', 'add --out FILE, --csv FILE, --jsonl FILE or --receipts DIR');
  const list = options.text('transactions');
  if (list !== undefined && receipts === undefined) throw usage('--transactions needs --receipts DIR');
  const directory = readDevnet(resolve(data))?.validators[0]?.dataDirectory ?? data;
  const interruption = watchInterruption();
  const copy = await openCopy(directory, undefined);
  try {
    const newest = copy.claim?.height ?? 0;
    const from = options.number('from') ?? 1;
    const to = options.number('to') ?? copy.claim?.finalHeight ?? 0;
    if (to > newest) throw usage(`the newest block is ${newest}`, 'choose a lower --to');
    if (from > to) throw usage(`there are no blocks from ${from} to ${to}`);
    let told = 0;
    const report = await writeExport({
      copy,
      from,
      to,
      out,
      csv,
      jsonl,
      receipts,
      transactions: list === undefined ? undefined : idsIn(list),
      onProgress: (height) => {
        interruption.signal.throwIfAborted();
        if (height < to && performance.now() - told < PROGRESS_MS) return;
        told = performance.now();
        printer.passing(`${progressBar(height - from + 1, to - from + 1)} blocks`);
      },
    });
    printer.result(
      { ...report, out: out ?? null, csv: csv ?? null, jsonl: jsonl ?? null },
      pairs([
        ['blocks', `${report.blocks}, from ${report.from} to ${report.to}`],
        ['transactions', report.transactions],
        ['receipts', receipts === undefined ? undefined : `${report.receipts} in ${receipts}`],
        ['written', [out, csv, jsonl].filter((path) => path !== undefined).join(', ') || undefined],
      ]),
    );
    return undefined;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    return interruption.exitCode;
  } finally {
    printer.endProgress();
    interruption.stop();
    await copy.close();
  }
};

function idsIn(path: string): ReadonlySet<string> {
  const ids = readText(path)
    .split(/\s+/)
    .filter((word) => word !== '');
  const wrong = ids.find((id) => !isHex(id, 32));
  if (wrong !== undefined) throw usage(`"${wrong.slice(0, 80)}" in ${path} is not a transaction id`);
  return new Set(ids);
}
