import type { Problem } from '@varve/client';
import { EncodingError } from '@varve/encoding';
import { RecordDamaged } from '@varve/ledger/chain';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { DROPPED_BYTES_MAX } from './limits.ts';
import { ApiError, PROBLEMS, type ProblemExtra, problem } from './problems.ts';

/** Media type of error answers, RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';
/** How soon a refused client may come again, seconds. */
const RETRY_AFTER_SECONDS = '1';

/** Answers with a problem. */
export function problemReply(reply: FastifyReply, body: Problem, headers: ProblemExtra['headers'] = {}): FastifyReply {
  if (body.status === 429 || body.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.code(body.status).headers(headers).type(PROBLEM_TYPE).send(body);
}

/** Fastify's own error codes, in ours. */
const FASTIFY_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'CONTENT_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_INVALID',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'JSON_MALFORMED',
  FST_ERR_VALIDATION: 'REQUEST_INVALID',
  FST_ERR_BAD_URL: 'REQUEST_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'REQUEST_INVALID',
};

/** Turns whatever a request ended with into a problem; what nobody foresaw is logged, and told nobody. */
export function errorReply(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ApiError) {
    return problemReply(reply, problem(error.code, error.detail, error.extra), error.extra.headers);
  }
  if (error instanceof RecordDamaged) {
    request.log.error({ err: error, reqId: request.id }, 'a stored record is damaged');
    return problemReply(reply, problem('RECORD_DAMAGED', 'a record needed for the answer is damaged'));
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = FASTIFY_CODES[code] ?? (PROBLEMS[code] ? code : undefined);
  if (known === 'BODY_TOO_LARGE') keepOpenToTheEnd(request, reply);
  if (known !== undefined) return problemReply(reply, problem(known, error.message));
  // What an identifier's constructor throws: the schema let through what no identifier is.
  if (error instanceof EncodingError) return problemReply(reply, problem('REQUEST_INVALID', error.message));
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status >= 400 && status < 500) return problemReply(reply, problem('REQUEST_INVALID', error.message));
  request.log.error({ err: error, reqId: request.id }, 'a request failed');
  return problemReply(reply, problem('INTERNAL', 'an unexpected error; the log of the node has it'));
}

/** A connection closed while its client still writes loses the answer; so what it announced is read, and dropped. */
function keepOpenToTheEnd(request: FastifyRequest, reply: FastifyReply): void {
  const announced = Number(request.headers['content-length']);
  if (announced <= DROPPED_BYTES_MAX) reply.removeHeader('connection');
}
