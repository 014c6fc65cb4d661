import type { ConsistencyAnswer } from '@varve/client';
import { toHex } from '@varve/encoding';
import { type Consistency, encodeConsistency } from '@varve/ledger';
import { consistencyOf, headerAt, type Ledger } from '@varve/ledger/chain';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { certificateJson, headerJson } from './json.ts';
import { ApiError } from './problems.ts';
import { consistencySchema, problemSchema } from './schemas.ts';

const height = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const span = Type.Object(
  {
    from: Type.Optional(height),
    to: Type.Optional(height),
  },
  { additionalProperties: false },
);

type SpanRequest = FastifyRequest<{ Querystring: { from?: number; to?: number } }>;

/** The proof that one block has another in its history. */
export function consistencyRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(
    '/v1/consistency',
    {
      schema: {
        tags: ['blocks'],
        summary: 'The proof that block `to` (default: the final one) has block `from` (default: `to`) in its history',
        description:
          'Everything below `from` is then the same too. With Accept: application/cbor the proof alone, in binary.',
        querystring: span,
        response: { 200: consistencySchema, 400: problemSchema, 404: problemSchema, 409: problemSchema },
      },
    },
    (request: SpanRequest, reply) => consistencyAnswer(context, request, reply),
  );
}

function consistencyAnswer({ service }: ApiContext, request: SpanRequest, reply: FastifyReply): FastifyReply {
  const { ledger } = service;
  const to = request.query.to ?? Math.max(ledger.finalHeight, 0);
  const from = request.query.from ?? to;
  const proof = consistencyOf(ledger, from, to);
  if (proof === undefined) throw unavailable(ledger, from, to);
  const bytes = encodeConsistency(proof);
  if (request.headers.accept?.includes('application/cbor')) {
    return reply.type('application/cbor').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
  return reply.send(answerOf(proof, bytes, ledger));
}

/** Why there is no proof. */
function unavailable(ledger: Ledger, from: number, to: number): ApiError {
  if (from > to) return new ApiError('REQUEST_INVALID', `from ${from} is above to ${to}`);
  if (headerAt(ledger, to))
    return new ApiError('BLOCK_NOT_FINAL', `block ${to}; the final one is ${ledger.finalHeight}`);
  return new ApiError('BLOCK_UNKNOWN', `no block ${to}; the newest is ${ledger.tip.header.height}`);
}

function answerOf(proof: Consistency, bytes: Uint8Array, ledger: Ledger): ConsistencyAnswer {
  const { from, to, later, certificate } = proof;
  return {
    from: { blockHash: from.hash, header: headerJson(from.header) },
    to: { blockHash: to.hash, header: headerJson(to.header) },
    path: proof.path.map(toHex),
    later: later && {
      blockHash: later.header.hash,
      header: headerJson(later.header.header),
      path: later.path.map(toHex),
    },
    certificate: certificate && certificateJson(certificate, ledger),
    consistency: toHex(bytes),
  };
}
