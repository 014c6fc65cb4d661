import { type Client, createClient } from '@varve/client';
import { fromHex, toHex } from '@varve/encoding';
import { type Checkpoint, checkpointOf, decodeCheckpoint, decodeConsistency, encodeCheckpoint } from '@varve/ledger';
import {
  type ComparisonAids,
  type ComparisonReport,
  compareCheckpoints,
  holdsUnless,
  type Trust,
  verifyCheckpoint,
} from '@varve/verify';
import { readBytes, writeWhole } from '../../setup/files.ts';
import type { Action, Options } from '../command.ts';
import { connect } from '../connection.ts';
import { CliError, usage } from '../failure.ts';
import { pairs } from '../printer.ts';
import { invalid, stepLines, trustOf } from '../trust.ts';

/** `checkpoint get`. */
export const getCheckpoint: Action = async ({ printer }, _arguments, options) => {
  const height = options.number('height');
  const answer = await (await connect(options)).consistency(height, height);
  const checkpoint = checkpointOf(decodeConsistency(fromHex(answer.consistency)));
  const { header, hash } = checkpoint.header;
  const out = options.text('out') ?? '';
  writeWhole(out, encodeCheckpoint(checkpoint));
  if (height !== undefined && header.height !== height) {
    printer.talk(`block ${height} has no certificate of its own: this is block ${header.height}, which covers it`);
  }
  printer.talk(`wrote ${out}; check it once with: varve checkpoint verify ${out} --genesis FILE`);
  printer.result(
    { file: out, chainId: header.chainId, height: header.height, blockHash: hash, time: timeOf(header.time) },
    pairs([
      ['chain', header.chainId],
      ['block', header.height],
      ['hash', hash],
      ['time', timeOf(header.time)],
    ]),
  );
  return undefined;
};

/** `checkpoint verify`. */
export const verifyCheckpointFile: Action = async ({ printer }, [path = ''], options) => {
  const verdict = verifyCheckpoint(readBytes(path), trustOf(options, 'trust'));
  if (!verdict.ok) {
    if (options.flag('steps')) printer.talk(stepLines(verdict.steps));
    throw invalid('CHECKPOINT_INVALID', 'checkpoint', verdict);
  }
  const { steps, report } = verdict;
  const { sealed, time, ...rest } = report;
  const by = report.vouchedBy === 'certificate' ? report.signers.map(({ name }) => name).join(', ') : report.vouchedBy;
  const text = pairs([
    ['valid', 'yes'],
    ['chain', report.chainId],
    ['block', report.height],
    ['hash', sealed.hash],
    ['time', timeOf(time)],
    ['final by', by],
    ['next under', `configuration ${report.next.number}`],
    ['holds', holdsUnless(report)],
  ]);
  printer.result(
    { valid: true, ...rest, blockHash: sealed.hash, time: timeOf(time), steps },
    options.flag('steps') ? `${text}\n\n${stepLines(steps)}` : text,
  );
  return undefined;
};

/** `checkpoint compare`. */
export const compareCheckpointFiles: Action = async ({ printer }, [first = '', second = ''], options) => {
  const files = [readBytes(first), readBytes(second)] as const;
  const trust = trustOf(options, 'trust');
  // Each alone, so that it is said which of the two proves nothing.
  for (const [i, path] of [first, second].entries()) {
    const alone = verifyCheckpoint(files[i] ?? new Uint8Array(), trust);
    if (!alone.ok) throw invalid('CHECKPOINT_INVALID', `checkpoint ${path}`, alone);
  }
  const verdict = compareCheckpoints(...files, await aidsOf(files, trust, options));
  if (!verdict.ok) throw invalid('CHECKPOINT_INVALID', 'comparison', verdict);
  const { report } = verdict;
  const body = { ...report, evidence: report.evidence.map((one) => ({ ...one, record: toHex(one.record) })) };
  if (report.relation !== 'contradictory') {
    printer.result(body, wordsOf(report));
    return undefined;
  }
  const prefix = options.text('out');
  for (const { name, configuration, record } of prefix === undefined ? [] : report.evidence) {
    const file = `${prefix}.${name}.evidence`;
    writeWhole(file, record);
    const more = configuration > 0 ? ' --configurations FILE' : '';
    printer.talk(`wrote ${file}; check it with: varve evidence verify ${file} --genesis FILE${more}`);
  }
  const message = wordsOf(report);
  throw new CliError('CHECKPOINTS_CONTRADICT', message, { body: { code: 'CHECKPOINTS_CONTRADICT', message, ...body } });
};

/** What the comparison needs besides the files: the genesis document, and of a node the way between their heights. */
async function aidsOf(
  files: readonly [Uint8Array, Uint8Array],
  trust: Trust,
  options: Options,
): Promise<ComparisonAids> {
  const heights = files.map(heightOf);
  const [from, to] = [Math.min(...heights), Math.max(...heights)];
  if (!(from < to)) return { trust };
  const node = options.text('node');
  if (node === undefined) {
    throw usage(
      `the checkpoints are of heights ${from} and ${to}`,
      'add --node URL; each node of the chain can join them',
    );
  }
  const client = createClient({ url: /^https?:\/\//.test(node) ? node : `http://${node}` });
  const { consistency } = await client.consistency(from, to);
  return { trust, consistency: fromHex(consistency), certificate: await certificateAt(client, from) };
}

/** The certificate that a node has of exactly this block. */
async function certificateAt(client: Client, height: number): Promise<Uint8Array | undefined> {
  const { certificate } = await client.block(height);
  return certificate ? fromHex(certificate.bytes) : undefined;
}

/** Not a number where the bytes are no checkpoint, which the comparison will say. */
function heightOf(bytes: Uint8Array): number {
  let read: Checkpoint;
  try {
    read = decodeCheckpoint(bytes);
  } catch {
    return Number.NaN;
  }
  return read.header.header.height;
}

function wordsOf({ relation, height, hashes, signers }: ComparisonReport): string {
  switch (relation) {
    case 'same':
      return `one history: both are of block ${height}, ${hashes[0]}`;
    case 'consistent':
      return `one history: the higher one has block ${height}, ${hashes[0]}, in its history`;
    case 'contradictory': {
      const blocks = `two histories: at height ${height} the one has block ${hashes[0]}, the other ${hashes[1]}`;
      const who = signers.map(({ name, organization }) => `${name} of ${organization}`).join(', ');
      const signed = who === '' ? 'nobody signed on both sides' : `signed on both sides: ${who}`;
      return `${blocks}; both are certified, which proves a fork; ${signed}`;
    }
  }
}

function timeOf(time: number): string {
  return new Date(time).toISOString();
}
