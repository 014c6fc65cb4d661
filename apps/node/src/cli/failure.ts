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
    message: fields.message.replace(new RegExp(`^${code}: `), ''),
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
    message: text('detail') ?? (error.message || error.name),
    hint: text('hint'),
    status: typeof own.status === 'number' ? own.status : undefined,
    isSubmission: 'transactionId' in own && own.transactionId !== undefined,
    body: own.result,
  };
}
