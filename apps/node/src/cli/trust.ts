import type { Refusal, Step, Trust } from '@varve/verify';
import { readBytes } from '../setup/files.ts';
import { readGenesisFile } from '../setup/genesis-file.ts';
import type { Options } from './command.ts';
import { CliError, usage } from './failure.ts';

/**
 * What the user trusts: `--genesis FILE`, or a checkpoint.
 * @param checkpoint - Name of the option that has its file.
 */
export function trustOf(options: Options, checkpoint: 'checkpoint' | 'trust'): Trust {
  const [genesis, file] = [options.text('genesis'), options.text(checkpoint)];
  if ((genesis === undefined) === (file === undefined)) {
    throw usage(`name what you trust: either --genesis FILE or --${checkpoint} FILE`);
  }
  return genesis === undefined ? { checkpoint: readBytes(file ?? '') } : { genesis: readGenesisFile(genesis) };
}

const CHAIN_HINT = 'verify with the genesis document of its own chain; compare the chain ids';

/** The error that a refused verification ends with. */
export function invalid(
  code: string,
  what: string,
  refusal: Refusal,
  hint: string | undefined = refusal.reason === 'CHAIN_MISMATCH' ? CHAIN_HINT : undefined,
): CliError {
  const { reason, detail, steps } = refusal;
  const failed = steps.at(-1);
  const sentence = failed && !failed.ok ? `${failed.text} ` : '';
  const message = `the ${what} proves nothing: ${sentence}${reason}: ${detail}`;
  return new CliError(code, message, { body: { code, message, ...refusal }, ...(hint !== undefined && { hint }) });
}

/** The steps of a verification, a line each. */
export function stepLines(steps: readonly Step[]): string {
  return steps.map(({ ok, text }) => `${ok ? '✓' : '✗'} ${text}`).join('\n');
}
