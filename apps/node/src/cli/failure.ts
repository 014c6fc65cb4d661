import { EXIT, exitCodeOf } from './exit-codes.ts';
import { hintOf } from './hints.ts';

/** What the command line's own errors carry. */
export interface CliErrorOptions extends ErrorOptions {
  readonly hint?: string;
  readonly exitCode?: number;
  /** Printed with `--json` instead of the error: an answer of the API that says more. */
  readonly body?: unknown;
}

/** An error of the command line itself; `message` is a sentence for people. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number | undefined;
  readonly body: unknown;

  constructor(code: string, message: string, options: CliErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode;
    this.body = options.body;
  }
}

/** A wrong use of a command. */
export function usage(message: string, hint?: string): CliError {
  return new CliError('USAGE', message, { exitCode: EXIT.usage, ...(hint !== undefined && { hint }) });
}

/** Any error as the command line tells it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly exitCode: number;
  readonly body: unknown;
}

/** What to tell of `error`, whatever it is: coded errors of all packages, of the SDK, and bugs. */
export function failureOf(error: unknown): Failure {
  const fields = fieldsOf(error);
  const code = fields.code ?? 'INTERNAL';
  return {
    code,
    message: fields.message.startsWith(`${code}: `) ? fields.message.slice(code.length + 2) : fields.message,
    hint: fields.hint ?? hintOf(code),
    exitCode: fields.exitCode ?? exitCodeOf(code, fields.isSubmission, fields.status),
    body: fields.body,
  };
}

interface ErrorFields {
  readonly code?: string | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly status?: number | undefined;
  readonly isSubmission: boolean;
  readonly body?: unknown;
}

function fieldsOf(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { message: String(error), isSubmission: false };
  if (error instanceof CliError) return { ...error, message: error.message, isSubmission: false };
  const own: Partial<Record<string, unknown>> = { ...error };
  const text = (name: string): string | undefined => (typeof own[name] === 'string' ? own[name] : undefined);
  // A code of the operating system, such as ENOENT, is no code of ours.
  const code = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(text('code') ?? '') ? text('code') : undefined;
  return {
    code: code?.startsWith('ERR_') ? undefined : code,
    message: text('detail') ?? sentence(error, own.details),
    hint: text('hint'),
    status: typeof own.status === 'number' ? own.status : undefined,
    isSubmission: own.transactionId !== undefined,
    // It was executed and failed, or can no longer be.
    ...(isSettled(own.result) && { exitCode: EXIT.rejected }),
    body: own.result,
  };
}

function isSettled(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  const { status, outcome } = result as { status?: unknown; outcome?: { code?: unknown } | null };
  return status === 'expired' || (outcome !== undefined && outcome !== null && outcome.code !== 'OK');
}

/** The message without the JSON of its details, whose values follow as text. */
function sentence(error: Error, details: unknown): string {
  const json = typeof details === 'object' && details !== null ? JSON.stringify(details) : undefined;
  if (json === undefined || !error.message.endsWith(json)) return error.message || error.name;
  const values = Object.values(details as object).filter((value) => typeof value !== 'object');
  const head = error.message.slice(0, -json.length).replace(/[:\s]+$/, '');
  return values.length === 0 ? head : `${head}: ${values.join(': ')}`;
}
