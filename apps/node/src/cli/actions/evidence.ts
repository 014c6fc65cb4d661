import type { Client, EvidenceItem, StatementAnswer } from '@varve/client';
import { fromHex } from '@varve/encoding';
import type { Statement } from '@varve/ledger';
import { verifyEvidence } from '@varve/verify';
import { readConfigurationSteps } from '../../setup/configurations-file.ts';
import { readBytes, writeWhole } from '../../setup/files.ts';
import { readGenesisFile } from '../../setup/genesis-file.ts';
import type { Action } from '../command.ts';
import { connect } from '../connection.ts';
import { CliError, usage } from '../failure.ts';
import { pairs, table } from '../printer.ts';

/** `evidence list`. */
export const listEvidence: Action = async ({ printer }, _, options) => {
  const evidence = await everything(await connect(options));
  const rows = evidence.map((one) => [one.id.slice(0, 16), one.validator, one.organization, one.kind, placeOf(one)]);
  printer.result(
    { evidence, total: evidence.length },
    rows.length === 0
      ? 'no validator is known to have contradicted itself'
      : table(['evidence', 'validator', 'organization', 'two', 'of'], rows),
  );
  return undefined;
};

/** `evidence get`. */
export const getEvidence: Action = async ({ printer }, [id = ''], options) => {
  if (!/^[0-9a-f]{1,64}$/.test(id))
    throw usage(`"${id}" is no id of evidence: hexadecimal, as "varve evidence list" shows`);
  const client = await connect(options);
  const found = (await everything(client)).filter((one) => one.id.startsWith(id));
  const [evidence] = found;
  if (evidence === undefined) throw new CliError('EVIDENCE_UNKNOWN', `the node keeps no evidence ${id}`);
  if (found.length > 1) throw usage(`${found.length} ids begin with ${id}`);
  const [out, configurations] = [options.text('out'), options.text('configurations')];
  if (configurations !== undefined)
    writeWhole(configurations, `${JSON.stringify(await client.configurations(), undefined, 2)}\n`);
  if (out !== undefined) {
    writeWhole(out, fromHex(evidence.record));
    const more = evidence.configuration > 0 ? ` --configurations ${configurations ?? 'FILE'}` : '';
    printer.talk(`wrote ${out}; check it with: varve evidence verify ${out} --genesis FILE${more}`);
  }
  printer.result(
    evidence,
    pairs([
      ['evidence', evidence.id],
      ['validator', `${evidence.validator} of ${evidence.organization}`],
      ['signing key', evidence.signingKey],
      ['configuration', evidence.configuration],
      ['said', describe(evidence.first)],
      ['and', describe(evidence.second)],
      ['record', out === undefined ? evidence.record : undefined],
    ]),
  );
  return undefined;
};

const CONFIGURATIONS_HINT =
  'it is of a later configuration: add --configurations with the newest file of "varve evidence get" or of /v1/configurations';

/** `evidence verify`. */
export const verifyEvidenceFile: Action = async ({ printer }, [path = ''], options) => {
  const genesis = readGenesisFile(options.text('genesis') ?? '');
  const file = options.text('configurations');
  const verdict = verifyEvidence(readBytes(path), { genesis }, file === undefined ? [] : readConfigurationSteps(file));
  if (!verdict.ok) {
    const message = `the evidence proves nothing: ${verdict.reason}: ${verdict.detail}`;
    const body = { code: 'EVIDENCE_INVALID', message, ...verdict };
    throw new CliError('EVIDENCE_INVALID', message, {
      body,
      ...(verdict.reason === 'CONFIGURATION_UNKNOWN' && { hint: CONFIGURATIONS_HINT }),
    });
  }
  const { report } = verdict;
  printer.result(
    { valid: true, ...report },
    pairs([
      ['valid', 'yes'],
      ['validator', `${report.validator} of ${report.organization}`],
      ['signing key', report.signingKey],
      ['configuration', report.configurationNumber],
      ['said', describe(report.first)],
      ['and', describe(report.second)],
    ]),
  );
  return undefined;
};

async function everything(client: Client): Promise<EvidenceItem[]> {
  const items: EvidenceItem[] = [];
  for (let after: string | undefined; ; ) {
    const page = await client.evidencePage(after === undefined ? {} : { after });
    items.push(...page.evidence);
    if (page.next === null) return items;
    after = page.next;
  }
}

function placeOf({ height, index, round }: EvidenceItem): string {
  return height === null ? `index ${index}, round ${round}` : `height ${height}`;
}

function describe(statement: Statement | StatementAnswer): string {
  if (statement.kind === 'seal') return `seal of block ${statement.blockHash} at height ${statement.height}`;
  const { kind, index, round, payload } = statement;
  return `${kind} of ${payload ?? 'nothing'} at index ${index}, round ${round}`;
}
