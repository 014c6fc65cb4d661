import type { Problem } from '@varve/client';

/** What the API says of one code. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
  /** When the same request may succeed; absent where that question has no sense. */
  readonly retry?: 'never' | 'later' | 'elsewhere';
}

const never = { retry: 'never' } as const;
const later = { retry: 'later' } as const;
const elsewhere = { retry: 'elsewhere' } as const;

/** Every code that an answer of the API can carry, but for outcomes of executed transactions. */
export const PROBLEMS: Readonly<Record<string, ProblemKind>> = {
  REQUEST_INVALID: {
    status: 400,
    title: 'The request has a wrong parameter',
    hint: 'see /docs for what this address takes',
    ...never,
  },
  JSON_MALFORMED: {
    status: 400,
    title: 'The body is not JSON',
    hint: 'send {"transaction": "<hex>"}, or the bytes as application/cose',
    ...never,
  },
  SEQUENCE_MALFORMED: {
    status: 400,
    title: 'The body is not a sequence of transactions',
    hint: 'concatenate whole COSE_Sign1 transactions, with nothing between or after them',
    ...never,
  },
  CURSOR_MALFORMED: {
    status: 400,
    title: 'The event cursor is malformed',
    hint: 'pass the id of the last event as it came: height.position.event',
    ...never,
  },
  TRANSACTION_MALFORMED: {
    status: 400,
    title: 'The transaction is malformed',
    hint: 'build it with the SDK, or see docs/specification.md for the one accepted form',
    ...never,
  },
  TOKEN_INVALID: {
    status: 401,
    title: 'The access token is missing or wrong',
    hint: 'send "Authorization: Bearer <token>" with the token of this node',
    ...never,
  },
  KEY_INACTIVE: {
    status: 403,
    title: 'The key may not sign for the account',
    hint: 'create the account first, or sign with one of its active keys',
    ...never,
  },
  ROUTE_UNKNOWN: {
    status: 404,
    title: 'There is nothing at this address',
    hint: 'see /docs for all addresses',
    ...never,
  },
  TRANSACTION_UNKNOWN: {
    status: 404,
    title: 'The transaction is unknown here',
    hint: 'it may not have arrived: send it again, which is harmless',
    ...later,
  },
  BLOCK_UNKNOWN: {
    status: 404,
    title: 'There is no such block here',
    hint: 'see /v1/status for the height of this node',
    ...later,
  },
  ACCOUNT_UNKNOWN: {
    status: 404,
    title: 'There is no such account',
    hint: "an account's id is the SHA-256 of its first public key",
    ...later,
  },
  MODULE_UNKNOWN: {
    status: 404,
    title: 'There is no such module',
    hint: 'the detail names the modules of this chain',
    ...never,
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This address does not take this method',
    hint: 'the Allow header names the methods',
    ...never,
  },
  HEIGHT_NOT_REACHED: {
    status: 408,
    title: 'The node has not reached the height',
    hint: 'ask again, or ask a node that is further',
    ...later,
  },
  BLOCK_NOT_FINAL: {
    status: 409,
    title: 'The block is not final yet',
    hint: 'ask again when finalHeight of /v1/status has reached it',
    ...later,
  },
  RECEIPT_NOT_FINAL: {
    status: 409,
    title: 'The transaction is not final yet',
    hint: 'wait for status "final", then ask again',
    ...later,
  },
  TRANSACTION_CONFLICT: {
    status: 409,
    title: 'Other bytes with this transaction id are known',
    hint: 'sign again with a fresh nonce',
    ...later,
  },
  TRANSACTION_KNOWN: {
    status: 409,
    title: 'The transaction is in a block already',
    hint: 'ask for its state by its id',
    ...never,
  },
  EVENTS_PRUNED: {
    status: 410,
    title: 'This node no longer has the blocks after the cursor',
    hint: 'ask an archive node, or start from the present',
    ...elsewhere,
  },
  STATE_UNAVAILABLE: {
    status: 410,
    title: 'The state of that height is not kept here',
    hint: 'ask at a newer height, or another node; the detail says how far it reaches back',
    ...elsewhere,
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    hint: 'split it; the detail names the limit',
    ...never,
  },
  TRANSACTIONS_TOO_MANY: {
    status: 413,
    title: 'Too many transactions in one request',
    hint: 'split the sequence; the detail names the limit',
    ...never,
  },
  TRANSACTION_TOO_LARGE: {
    status: 413,
    title: 'The transaction is too large',
    hint: 'split it; /v1/configurations names the limits',
    ...never,
  },
  CONTENT_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'The content type is not supported',
    hint: 'send application/cose, application/cbor-seq or application/json',
    ...never,
  },
  CHAIN_MISMATCH: {
    status: 422,
    title: 'The transaction is of another chain',
    hint: 'sign it with the chainId of /v1/status',
    ...never,
  },
  TRANSACTION_EXPIRED: {
    status: 422,
    title: 'The transaction has expired',
    hint: 'sign it again with a later validUntil',
    ...never,
  },
  VALIDITY_TOO_LONG: {
    status: 422,
    title: 'The transaction is valid for too long',
    hint: 'sign it again with an earlier validUntil',
    ...never,
  },
  SIGNATURE_INVALID: {
    status: 422,
    title: 'The signature is wrong',
    hint: 'sign the Sig_structure of RFC 9052 with external_aad "varve/tx/1"',
    ...never,
  },
  TRANSACTION_REFUSED: {
    status: 422,
    title: 'The transaction was refused',
    hint: 'the code says why: see docs/errors.md',
    ...never,
  },
  POOL_FULL: {
    status: 429,
    title: 'Too many transactions wait',
    hint: 'send the same bytes again in a moment',
    ...later,
  },
  LOOK_UPS_SPENT: {
    status: 429,
    title: 'Too many executed or expired transactions arrive',
    hint: 'send the same bytes again in a moment, or ask for the transaction',
    ...later,
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    hint: 'send fewer or shorter headers',
    ...never,
  },
  INTERNAL: {
    status: 500,
    title: 'The node failed to answer',
    hint: 'the log of the node says more; a bug report is welcome',
    ...later,
  },
  RECORD_DAMAGED: {
    status: 500,
    title: 'A stored record is damaged',
    hint: 'ask another node; the log of this one says what is damaged',
    ...elsewhere,
  },
  BARRIER_UNAVAILABLE: {
    status: 503,
    title: 'No linearizable read is possible now',
    hint: 'a quorum or leader is missing: ask again, or read with consistency=local',
    ...later,
  },
  WAITERS_FULL: {
    status: 503,
    title: 'Too many submissions wait; nothing was submitted',
    hint: 'send again in a moment, or with wait=none',
    ...later,
  },
  STREAMS_FULL: {
    status: 503,
    title: 'Too many event streams are open',
    hint: 'ask another node, or later',
    ...elsewhere,
  },
  DISK_LOW: {
    status: 503,
    title: 'The node has too little disk space to take transactions',
    hint: 'ask another node; its operator must free space',
    ...elsewhere,
  },
  NODE_STOPPING: { status: 503, title: 'The node is stopping', hint: 'ask another node', ...elsewhere },
  NOT_READY: { status: 503, title: 'The node is not ready', hint: 'GET /readyz?verbose lists the checks', ...later },
};

/** Parts of a problem that its code does not give. */
export interface ProblemExtra {
  readonly retry?: 'never' | 'later' | 'elsewhere' | undefined;
  readonly transactionId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that ends with a problem. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly detail: string;
  readonly extra: ProblemExtra;

  constructor(code: keyof typeof PROBLEMS, detail: string, extra: ProblemExtra = {}) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
    this.extra = extra;
  }
}

/** The problem body of a code; an unlisted code of the validator counts as a refusal. */
export function problem(code: string, detail: string, extra: ProblemExtra = {}): Problem {
  const kind = PROBLEMS[code] ?? (PROBLEMS.TRANSACTION_REFUSED as ProblemKind);
  const retry = extra.retry ?? kind.retry;
  return {
    // Relative: every node explains its own codes.
    type: `/errors#${code}`,
    title: kind.title,
    status: kind.status,
    code,
    detail,
    hint: kind.hint,
    ...(retry && { retry }),
    ...(extra.transactionId !== undefined && { transactionId: extra.transactionId }),
  };
}
