import type { BlockAnswer, BlocksAnswer } from '@varve/client';
import { blockHash, isHex, toHex } from '@varve/encoding';
import { certificateAt, headerAt, heightOfHash, transactionsAt } from '@varve/ledger/chain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { blockSummary, certificateJson, executedJson } from './json.ts';
import { BLOCKS_PAGE_DEFAULT, BLOCKS_PAGE_MAX } from './limits.ts';
import { ApiError } from './problems.ts';
import { blockSchema, blocksSchema, problemSchema, record } from './schemas.ts';

const page = Type.Object(
  {
    before: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Integer({ minimum: 1, maximum: BLOCKS_PAGE_MAX, default: BLOCKS_PAGE_DEFAULT }),
  },
  { additionalProperties: false },
);
const byName = record({ block: Type.String({ description: 'a height, a hash, "latest" or "final"' }) });

/** Blocks, one or by pages. */
export function blockRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(
    '/v1/blocks',
    {
      schema: {
        tags: ['blocks'],
        summary: 'Headers, newest first',
        querystring: page,
        response: { 200: blocksSchema },
      },
    },
    (request: FastifyRequest<{ Querystring: { before?: number; limit: number } }>) =>
      blocksAnswer(context, request.query.before, request.query.limit),
  );
  app.get(
    '/v1/blocks/:block',
    {
      schema: {
        tags: ['blocks'],
        summary: 'A block with its transactions, and its certificate',
        params: byName,
        response: { 200: blockSchema, 404: problemSchema },
      },
    },
    (request: FastifyRequest<{ Params: { block: string } }>) => blockAnswer(context, request.params.block),
  );
}

function blocksAnswer({ service, progress }: ApiContext, before: number | undefined, limit: number): BlocksAnswer {
  const newest = Math.min(before ?? Number.MAX_SAFE_INTEGER, progress.height + 1) - 1;
  const blocks = [];
  let at = newest;
  for (; at >= 0 && blocks.length < limit; at--) {
    const sealed = headerAt(service.ledger, at);
    if (sealed) blocks.push(blockSummary(sealed, progress.finalHeight));
  }
  return { blocks, next: at < 0 ? null : at + 1 };
}

function blockAnswer({ service, progress }: ApiContext, name: string): BlockAnswer {
  const { ledger } = service;
  const at = heightOf(name);
  const sealed = at === undefined || at > progress.height ? undefined : headerAt(ledger, at);
  if (at === undefined || sealed === undefined) {
    throw new ApiError('BLOCK_UNKNOWN', `no block ${name}; the newest is ${progress.height}`);
  }
  const certificate = certificateAt(ledger, at);
  return {
    ...blockSummary(sealed, progress.finalHeight),
    headerBytes: toHex(sealed.bytes),
    transactions: transactionsAt(ledger, at).map(executedJson),
    certificate: certificate ? certificateJson(certificate, ledger) : null,
  };

  function heightOf(text: string): number | undefined {
    if (text === 'latest') return progress.height;
    if (text === 'final') return progress.finalHeight;
    if (isHex(text, 32)) return heightOfHash(ledger, blockHash(text));
    const number = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(number)) return number;
    throw new ApiError('REQUEST_INVALID', `"${text.slice(0, 80)}" is no height, block hash, "latest" or "final"`);
  }
}
