import type { StateAnswer } from '@varve/client';
import { fromHex, toHex } from '@varve/encoding';
import { encodeCertificate } from '@varve/ledger';
import { finalityOf, headerAt, type Ledger, stateAt, stateProofAt } from '@varve/ledger/chain';
import { encodeStateProof } from '@varve/merkle';
import { coordinationKey, isNodePath } from '@varve/modules';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { decodedValue } from './decoded.ts';
import { ApiError } from './problems.ts';
import { minHeightOf, reach, stateReaderAt } from './reads.ts';
import { problemSchema, record, stateSchema } from './schemas.ts';

/** About how many keys of an earlier state are restored before other requests get their turn: some 10 ms. */
const RESTORED_KEYS_PER_TURN = 1_000;

interface StateQuery {
  readonly proof: boolean;
  readonly consistency: StateAnswer['consistency'];
  readonly height?: number;
}

const common = {
  proof: Type.Boolean({ default: false }),
  consistency: Type.Union([Type.Literal('local'), Type.Literal('linearizable'), Type.Literal('final')], {
    default: 'linearizable',
  }),
  height: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'after which block; down to 256 below the final one. `consistency` then says `final` to wait for that',
    }),
  ),
};
const strict = { additionalProperties: false } as const;
const byKey = record({ module: Type.String(), key: Type.String({ pattern: '^([0-9a-f]{2})+$' }) });
const response = {
  200: stateSchema,
  404: problemSchema,
  408: problemSchema,
  410: problemSchema,
  503: problemSchema,
};

/** Values of the state, with proofs. */
export function stateRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(
    '/v1/state/:module/:key',
    {
      schema: {
        tags: ['state'],
        summary: 'The value under a key, or its absence',
        params: byKey,
        querystring: Type.Object(common, strict),
        response,
      },
    },
    (request: FastifyRequest<{ Params: { module: string; key: string }; Querystring: StateQuery }>) =>
      stateAnswer(context, request, request.params.module, fromHex(request.params.key)),
  );
  app.get(
    '/v1/state/coordination',
    {
      schema: {
        tags: ['state'],
        summary: 'A coordination node by its path',
        querystring: Type.Object({ ...common, path: Type.String({ description: 'such as /a/b' }) }, strict),
        response,
      },
    },
    (request: FastifyRequest<{ Querystring: StateQuery & { path: string } }>) => {
      const { path } = request.query;
      if (!isNodePath(path)) throw new ApiError('REQUEST_INVALID', 'path is not "/" and parts joined by "/"');
      return stateAnswer(context, request, 'coordination', coordinationKey(path));
    },
  );
}

async function stateAnswer(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: StateQuery }>,
  module: string,
  key: Uint8Array,
): Promise<StateAnswer> {
  const { ledger } = context.service;
  const { consistency, height } = request.query;
  if (!ledger.modules.has(module)) {
    throw new ApiError('MODULE_UNKNOWN', `no module "${module}"; there are ${[...ledger.modules.keys()].join(', ')}`);
  }
  const at = await readHeight(context, request.query, minHeightOf(request));
  const isProven = request.query.proof || consistency === 'final';
  // Everything after this loop is synchronous: neither heights nor trees can go meanwhile.
  while (isProven && !ledger.restoreTree(at, RESTORED_KEYS_PER_TURN)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const entry = stateAt(ledger, module, key, at);
  const sealed = headerAt(ledger, at);
  if (sealed === undefined) throw new ApiError('BLOCK_UNKNOWN', `no header at height ${at}`);
  return {
    module,
    key: toHex(key),
    found: entry !== undefined,
    value: entry ? toHex(entry.bytes) : null,
    version: entry?.version ?? null,
    modifiedHeight: entry?.modifiedHeight ?? null,
    height: at,
    blockHash: sealed.hash,
    consistency: height === undefined ? consistency : at <= ledger.finalHeight ? 'final' : 'local',
    decoded: entry ? decodedValue(module, key, entry.bytes, stateReaderAt(ledger, at)) : null,
    proof: isProven ? proofAt(ledger, module, key, at, sealed.bytes) : null,
  };
}

/** The height to read at, once it is reached. */
async function readHeight(
  context: ApiContext,
  { consistency, height }: StateQuery,
  minHeight: number,
): Promise<number> {
  const isFinal = consistency === 'final';
  // What stood after one block is the same everywhere and for ever: no barrier makes it newer.
  if (height === undefined && consistency === 'linearizable') {
    await reach(context, 'committed', await context.service.barrier());
  }
  await reach(context, isFinal ? 'final' : 'committed', Math.max(minHeight, height ?? 0));
  const { finalHeight } = context.service.ledger;
  // A certified block is durable at a quorum, whatever this disk says.
  return height ?? (isFinal ? finalHeight : Math.max(context.progress.height, finalHeight));
}

function proofAt(
  ledger: Ledger,
  module: string,
  key: Uint8Array,
  at: number,
  header: Uint8Array,
): StateAnswer['proof'] {
  const proof = stateProofAt(ledger, module, key, at);
  if (proof === undefined) return null;
  // Block 0 follows from the genesis document; until another is final it has nothing to stand on.
  const finality = at > ledger.finalHeight || ledger.finalHeight === 0 ? undefined : finalityOf(ledger, at);
  return {
    stateProof: toHex(encodeStateProof(proof)),
    header: toHex(header),
    certificate: finality ? toHex(encodeCertificate(finality.certificate)) : null,
    ...(finality?.later && {
      later: { header: toHex(finality.later.header.bytes), path: finality.later.path.map(toHex) },
    }),
  };
}
