import type { Problem, TransactionResult } from './answers.ts';

/** What an error says besides its code. */
export interface VarveErrorDetails {
  readonly detail: string;
  readonly hint?: string | undefined;
  /** When the same request may succeed. */
  readonly retry?: 'never' | 'later' | 'elsewhere' | undefined;
  readonly transactionId?: string | undefined;
  /** HTTP status; absent where no node answered. */
  readonly status?: number | undefined;
  /** Of a transaction that was executed and failed, or whose wait ended. */
  readonly result?: TransactionResult | undefined;
}

/**
 * A refused request, a failed transaction or an unreachable node. `code` is stable: docs/errors.md lists it.
 * The SDK's own codes: `NODE_UNREACHABLE`, `WAIT_TIMEOUT`, `ANSWER_MALFORMED`, `SIGNER_MISSING`, `ARGUMENT_INVALID`.
 */
export class VarveError extends Error {
  override readonly name: string = 'VarveError';
  readonly code: string;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly retry: 'never' | 'later' | 'elsewhere' | undefined;
  readonly transactionId: string | undefined;
  readonly status: number | undefined;
  readonly result: TransactionResult | undefined;

  constructor(code: string, details: VarveErrorDetails, options?: ErrorOptions) {
    super(`${code}: ${details.detail}${details.hint ? ` (${details.hint})` : ''}`, options);
    this.code = code;
    this.detail = details.detail;
    this.hint = details.hint;
    this.retry = details.retry;
    this.transactionId = details.transactionId;
    this.status = details.status;
    this.result = details.result;
  }
}

/** No answer from the node: it is down, the address is wrong, or the network is in the way. */
export class NodeUnreachable extends VarveError {
  override readonly name: string = 'NodeUnreachable';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    const hint = 'is the node up, and is this the address of its HTTP API?';
    super('NODE_UNREACHABLE', { detail: `no answer from ${url}: ${reasonOf(cause)}`, hint, retry: 'later' }, { cause });
    this.url = url;
  }
}

/** The error of a problem answer. */
export function problemError(problem: Problem): VarveError {
  const { code, detail, hint, retry, transactionId, status } = problem;
  return new VarveError(code, { detail, hint, retry, transactionId, status });
}

/** `fetch` hides why in the cause. */
function reasonOf(error: unknown): string {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error && messages.length < 4; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    messages.push(at.message || code || at.name);
  }
  return messages.join(': ') || String(error);
}
