import type { Statement } from '@varve/ledger';
import { verifyEvidence } from '@varve/verify';
import { readBytes } from '../../setup/files.ts';
import { readGenesisFile } from '../../setup/genesis-file.ts';
import type { Action } from '../command.ts';
import { CliError } from '../failure.ts';
import { pairs } from '../printer.ts';

/** `evidence verify`. */
export const verifyEvidenceFile: Action = async ({ printer }, [path = ''], options) => {
  const genesis = readGenesisFile(options.text('genesis') ?? '');
  const verdict = verifyEvidence(readBytes(path), { genesis });
  if (!verdict.ok) {
    const message = `the evidence proves nothing: ${verdict.reason}: ${verdict.detail}`;
    throw new CliError('EVIDENCE_INVALID', message, { body: { code: 'EVIDENCE_INVALID', message, ...verdict } });
  }
  const { report } = verdict;
  printer.result(
    { valid: true, ...report },
    pairs([
      ['valid', 'yes'],
      ['validator', `${report.validator} of ${report.organization}`],
      ['signing key', report.signingKey],
      ['said', describe(report.first)],
      ['and', describe(report.second)],
    ]),
  );
  return undefined;
};

function describe(statement: Statement): string {
  if (statement.kind === 'seal') return `seal of block ${statement.blockHash} at height ${statement.height}`;
  const { kind, index, round, payload } = statement;
  return `${kind} of ${payload ?? 'nothing'} at index ${index}, round ${round}`;
}
