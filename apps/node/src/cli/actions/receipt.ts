import { createClient } from '@varve/client';
import { fromHex } from '@varve/encoding';
import { decodeCheckpoint, decodeReceipt, type Operation, readReceipt, receiptToJson } from '@varve/ledger';
import { holdsUnless, type ReceiptReport, type Trust, type Verdict, verifyReceipt } from '@varve/verify';
import { readBytes, writeWhole } from '../../setup/files.ts';
import { transactionArgument } from '../arguments.ts';
import type { Action, Options } from '../command.ts';
import { connect } from '../connection.ts';
import { pairs } from '../printer.ts';
import { readable } from '../readable.ts';
import { invalid, stepLines, trustOf } from '../trust.ts';

/** `receipt get`. */
export const getReceipt: Action = async ({ printer }, [id = ''], options) => {
  const answer = await (await connect(options)).receipt(transactionArgument(id));
  const out = options.text('out');
  if (out !== undefined) {
    const bytes = fromHex(answer.receipt);
    const json = (): string => `${JSON.stringify(receiptToJson(decodeReceipt(bytes)), undefined, 2)}\n`;
    writeWhole(out, out.endsWith('.json') ? json() : bytes);
    printer.talk(`wrote ${out}; check it with: varve receipt verify ${out} --genesis FILE`);
  }
  printer.result(
    answer,
    pairs([
      ['transaction', answer.transactionId],
      ['block', answer.header.height],
      ['outcome', answer.outcome.code],
      ['receipt', out === undefined ? answer.receipt : undefined],
    ]),
  );
  return undefined;
};

/** `receipt verify`. */
export const verifyReceiptFile: Action = async ({ printer }, [path = ''], options) => {
  const trust = trustOf(options, 'checkpoint');
  const verdict = await judge(readBytes(path), trust, options);
  if (!verdict.ok) {
    if (options.flag('steps')) printer.talk(stepLines(verdict.steps));
    const hint = verdict.reason === 'BEFORE_CHECKPOINT' ? BEFORE_HINT : undefined;
    throw invalid('RECEIPT_INVALID', 'receipt', verdict, hint);
  }
  const { report, steps } = verdict;
  const text = describe(report);
  printer.result(
    { valid: true, ...bodyOf(report), steps },
    options.flag('steps') ? `${text}\n\n${stepLines(steps)}` : text,
  );
  return undefined;
};

const BEFORE_HINT =
  'add --node URL, which any node of the chain will do for, or --consistency FILE; or trust the genesis document';

/** Judges, and asks a node for the way from the checkpoint back where that is all that is missing. */
async function judge(bytes: Uint8Array, trust: Trust, options: Options): Promise<Verdict<ReceiptReport>> {
  const [file, node] = [options.text('consistency'), options.text('node')];
  const verdict = verifyReceipt(bytes, trust, file === undefined ? {} : { consistency: readBytes(file) });
  const isLack = !verdict.ok && verdict.reason === 'BEFORE_CHECKPOINT' && file === undefined;
  if (!isLack || node === undefined || !('checkpoint' in trust)) return verdict;
  const url = /^https?:\/\//.test(node) ? node : `http://${node}`;
  const [block, checkpoint] = [readReceipt(bytes).header, decodeCheckpoint(trust.checkpoint).header];
  const answer = await createClient({ url }).consistency(block.header.height, checkpoint.header.height);
  return verifyReceipt(bytes, trust, { consistency: fromHex(answer.consistency) });
}

function bodyOf(report: ReceiptReport): Record<string, unknown> {
  const operations = report.operations.map((one) => ({ ...one, arguments: one.arguments.map(readable) }));
  const values = report.results.values.map(readable);
  const events = report.results.events.map((event) => ({ ...event, value: readable(event.value) }));
  return { ...report, time: new Date(report.time).toISOString(), operations, results: { values, events } };
}

function failed(operation: number): string {
  return `operation ${operation} failed, and nothing of the transaction was done`;
}

function operationText({ module, method, arguments: values }: Operation): string {
  return `${module}.${method} ${JSON.stringify(values.map(readable))}`;
}

function describe(report: ReceiptReport): string {
  const { vouchedBy, signers, certifiedHeight } = report;
  const by = vouchedBy === 'certificate' ? signers.map(({ name }) => name).join(', ') : `your ${vouchedBy}`;
  return pairs([
    ['valid', 'yes'],
    ['transaction', report.transactionId],
    ['outcome', report.failedOperation === null ? report.code : `${report.code}: ${failed(report.failedOperation)}`],
    ['account', report.account],
    ...report.operations.map((one) => ['operation', operationText(one)] as const),
    ['block', report.height],
    ['time', new Date(report.time).toISOString()],
    ['final by', `${by} (block ${certifiedHeight})`],
    ['under', vouchedBy === 'certificate' ? `${report.protocol}, configuration ${report.configuration}` : undefined],
    ['holds', holdsUnless(report)],
  ]);
}
