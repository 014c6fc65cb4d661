import type { TransactionAnswer } from '@varve/client';
import { fromHex, type TransactionId, toHex } from '@varve/encoding';
import { encodeReceipt } from '@varve/ledger';
import { headerAt, receiptOf, transactionOf } from '@varve/ledger/chain';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { certificateJson, executedJson, headerJson, outcomeJson, timeJson } from './json.ts';
import { SEQUENCE_BODY_BYTES_MAX, WAIT_MS_DEFAULT, WAIT_MS_MAX } from './limits.ts';
import { ApiError } from './problems.ts';
import { problemReply } from './replies.ts';
import {
  batchSchema,
  hash32,
  problemSchema,
  receiptSchema,
  record,
  resultSchema,
  transactionSchema,
} from './schemas.ts';
import { splitSequence } from './sequence.ts';
import { type Patience, submitMany, submitOne } from './submit.ts';

const patience = Type.Object(
  {
    wait: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('committed'), Type.Literal('final')], { default: 'none' }),
    ),
    timeout: Type.Optional(
      Type.Integer({ minimum: 0, maximum: WAIT_MS_MAX, default: WAIT_MS_DEFAULT, description: 'milliseconds' }),
    ),
  },
  { additionalProperties: false },
);
const jsonBody = record({ transaction: Type.String({ pattern: '^([0-9a-f]{2})+$' }) });
const binary = { schema: {} };
const byId = record({ id: hash32 });

type PostRequest = FastifyRequest<{
  Querystring: { wait: Patience['wait']; timeout: number };
  Body: Uint8Array | { transaction: string };
}>;
type IdRequest = FastifyRequest<{ Params: { id: TransactionId } }>;

/** Submitting transactions, and what became of them. */
export function transactionRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post(
    '/v1/transactions',
    {
      bodyLimit: SEQUENCE_BODY_BYTES_MAX,
      schema: {
        tags: ['transactions'],
        summary: 'Submit one transaction, or a sequence of them',
        querystring: patience,
        body: {
          content: {
            'application/cose': binary,
            'application/cbor-seq': binary,
            'application/json': { schema: jsonBody },
          },
        },
        response: {
          200: { description: 'reached what was waited for, or known already', ...resultSchema },
          202: { description: 'pending', ...resultSchema },
          207: { description: 'of a sequence: the results differ', ...batchSchema },
          '4xx': { description: 'refused', ...problemSchema },
        },
      },
    },
    (request: PostRequest, reply) => submit(context, request, reply),
  );

  app.get(
    '/v1/transactions/:id',
    {
      schema: {
        tags: ['transactions'],
        summary: 'How far a transaction has come',
        params: byId,
        response: { 200: transactionSchema, 404: problemSchema },
      },
    },
    (request: IdRequest) => transactionAnswer(context, request.params.id),
  );

  app.get(
    '/v1/transactions/:id/receipt',
    {
      schema: {
        tags: ['transactions'],
        summary: 'The portable receipt of a final transaction; binary with Accept: application/cbor',
        params: byId,
        response: { 200: receiptSchema, 404: problemSchema, 409: problemSchema },
      },
    },
    (request: IdRequest, reply) => receiptAnswer(context, request, reply),
  );
}

async function submit(context: ApiContext, request: PostRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { wait, timeout: timeoutMs } = request.query;
  const { body } = request;
  if (body instanceof Uint8Array && request.headers['content-type']?.startsWith('application/cbor-seq')) {
    const { httpStatus, answer } = await submitMany(context, splitSequence(body), { wait, timeoutMs });
    return reply.code(httpStatus).send(answer);
  }
  // A request without body has no type either, and passes the schemas of all types.
  if (body === undefined || body === null) throw new ApiError('CONTENT_TYPE_UNSUPPORTED', 'there is no body');
  const bytes = body instanceof Uint8Array ? body : fromHex(body.transaction);
  const one = await submitOne(context, bytes, { wait, timeoutMs });
  return one.refused ? problemReply(reply, one.problem) : reply.code(one.httpStatus).send(one.result);
}

function transactionAnswer(context: ApiContext, id: TransactionId): TransactionAnswer {
  const { service } = context;
  const state = service.transactionState(id);
  if (state.state === 'unknown') throw unknown(id);
  const base = { transactionId: id, status: state.state };
  const view = state.state === 'committed' || state.state === 'final' ? transactionOf(service.ledger, id) : undefined;
  const sealed = view && headerAt(service.ledger, view.height);
  if (view === undefined || sealed === undefined) return { ...base, execution: null, bytes: null };
  const execution = { ...executedJson(view), blockHash: sealed.hash, time: timeJson(sealed.header.time) };
  return { ...base, execution, bytes: toHex(view.transaction.bytes) };
}

function receiptAnswer(context: ApiContext, request: IdRequest, reply: FastifyReply): FastifyReply {
  const { id } = request.params;
  const { ledger } = context.service;
  const state = context.service.transactionState(id);
  if (state.state === 'unknown' || state.state === 'expired') throw unknown(id);
  if (state.state !== 'final') throw new ApiError('RECEIPT_NOT_FINAL', `it is ${state.state}`, { transactionId: id });
  const receipt = receiptOf(ledger, id);
  if (receipt === undefined) throw unknown(id);
  const bytes = encodeReceipt(receipt);
  if (request.headers.accept?.includes('application/cbor')) {
    return reply.type('application/cbor').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
  const { header, later, certificate } = receipt;
  return reply.send({
    transactionId: id,
    receipt: toHex(bytes),
    index: receipt.leafIndex,
    outcome: outcomeJson(receipt.outcome),
    path: receipt.path.map(toHex),
    blockHash: header.hash,
    header: headerJson(header.header),
    later: later && {
      blockHash: later.header.hash,
      header: headerJson(later.header.header),
      path: later.path.map(toHex),
    },
    certificate: certificateJson(certificate, ledger),
  });
}

function unknown(id: TransactionId): ApiError {
  return new ApiError('TRANSACTION_UNKNOWN', `no transaction ${id}`, { transactionId: id });
}
