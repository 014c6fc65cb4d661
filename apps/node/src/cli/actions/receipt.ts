import { fromHex } from '@varve/encoding';
import { type ReceiptReport, verifyReceipt } from '@varve/verify';
import { readBytes, writeWhole } from '../../setup/files.ts';
import { readGenesisFile } from '../../setup/genesis-file.ts';
import { transactionArgument } from '../arguments.ts';
import type { Action } from '../command.ts';
import { connect } from '../connection.ts';
import { CliError } from '../failure.ts';
import { pairs } from '../printer.ts';
import { readable } from '../readable.ts';

/** `receipt get`. */
export const getReceipt: Action = async ({ printer }, [id = ''], options) => {
  const answer = await (await connect(options)).receipt(transactionArgument(id));
  const out = options.text('out');
  if (out !== undefined) {
    writeWhole(out, fromHex(answer.receipt));
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
  const genesis = readGenesisFile(options.text('genesis') ?? '');
  const verdict = verifyReceipt(readBytes(path), { genesis });
  if (!verdict.ok) {
    const message = `the receipt proves nothing: ${verdict.reason}: ${verdict.detail}`;
    throw new CliError('RECEIPT_INVALID', message, { body: { code: 'RECEIPT_INVALID', message, ...verdict } });
  }
  const { report } = verdict;
  printer.result({ valid: true, ...bodyOf(report) }, describe(report));
  return undefined;
};

function bodyOf(report: ReceiptReport): Record<string, unknown> {
  const operations = report.operations.map((one) => ({ ...one, arguments: one.arguments.map(readable) }));
  const values = report.results.values.map(readable);
  const events = report.results.events.map((event) => ({ ...event, value: readable(event.value) }));
  return { ...report, time: new Date(report.time).toISOString(), operations, results: { values, events } };
}

/** Who must not have lied. */
function unless({ faultModel, pathFaultModel }: ReceiptReport): string {
  if (faultModel === 'crash') return 'unless a signer lied (crash-fault protocol)';
  const byzantine = 'unless a third of the validators lied';
  if (pathFaultModel === 'byzantine') return byzantine;
  return `${byzantine}, or signers of an earlier configuration, under a crash-fault protocol`;
}

function describe(report: ReceiptReport): string {
  return pairs([
    ['valid', 'yes'],
    ['transaction', report.transactionId],
    ['outcome', report.code],
    ['account', report.account],
    ['block', report.height],
    ['time', new Date(report.time).toISOString()],
    ['final by', `${report.signers.map(({ name }) => name).join(', ')} (block ${report.certifiedHeight})`],
    ['under', `${report.protocol}, configuration ${report.configuration}`],
    ['holds', unless(report)],
  ]);
}
