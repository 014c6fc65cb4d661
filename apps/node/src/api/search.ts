import type { SearchAnswer, SearchHit } from '@varve/client';
import { type AccountId, type BlockHash, fromHex, isHex, type TransactionId, toHex } from '@varve/encoding';
import { headerAt, heightOfHash } from '@varve/ledger/chain';
import { accountIn, ownerKey } from '@varve/modules';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { SEARCH_LENGTH_MAX, SEARCH_VALIDATORS_MAX } from './limits.ts';
import { stateReaderAt } from './reads.ts';
import { record } from './schemas.ts';
import { searchSchema } from './schemas-node.ts';

/** Finds what a person may paste into one field. */
export function searchRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(
    '/v1/search',
    {
      schema: {
        tags: ['node'],
        summary: 'Blocks, transactions, accounts and validators by height, id, key or name',
        querystring: record({ q: Type.String({ minLength: 1, maxLength: SEARCH_LENGTH_MAX }) }),
        response: { 200: searchSchema },
      },
    },
    (request: FastifyRequest<{ Querystring: { q: string } }>): SearchAnswer => {
      const query = request.query.q.trim().toLowerCase();
      return { hits: [...heights(context, query), ...hashes(context, query), ...validators(context, query)] };
    },
  );
}

function* heights({ service, progress }: ApiContext, query: string): Iterable<SearchHit> {
  if (!/^\d{1,15}$/.test(query) || Number(query) > progress.height) return;
  const sealed = headerAt(service.ledger, Number(query));
  if (sealed) yield { kind: 'block', height: sealed.header.height, hash: sealed.hash };
}

function* hashes({ service, progress }: ApiContext, query: string): Iterable<SearchHit> {
  if (!isHex(query, 32)) return;
  const { ledger } = service;
  const at = heightOfHash(ledger, query as BlockHash);
  if (at !== undefined && at <= progress.height) yield { kind: 'block', height: at, hash: query };
  const { state } = service.transactionState(query as TransactionId);
  if (state !== 'unknown') yield { kind: 'transaction', transactionId: query, status: state };
  const reader = stateReaderAt(ledger, progress.height);
  // An account is also found by any key it ever had.
  const owner = reader.get('accounts', ownerKey(fromHex(query)));
  const id = owner ? toHex(owner.bytes) : query;
  const account = accountIn(reader, id as AccountId);
  if (account) yield { kind: 'account', accountId: id, organization: account.organization };
}

function validators({ service }: ApiContext, query: string): SearchHit[] {
  return service.ledger.configuration.validators
    .filter(
      ({ name, networkKey, signingKey }) => name.includes(query) || [networkKey, signingKey].includes(query as never),
    )
    .slice(0, SEARCH_VALIDATORS_MAX)
    .map(({ name, organization }) => ({ kind: 'validator', name, organization }));
}
