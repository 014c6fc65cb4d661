import type { EvidenceAnswer, EvidenceItem, EvidenceKind, StatementAnswer } from '@varve/client';
import type { SignedBytes } from '@varve/consensus';
import { toHex } from '@varve/encoding';
import { decodeEvidence, decodeStatement, evidenceId, type Statement } from '@varve/ledger';
import type { Ledger } from '@varve/ledger/chain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { EVIDENCE_PAGE_DEFAULT, EVIDENCE_PAGE_MAX } from './limits.ts';
import { hash32 } from './schemas.ts';
import { evidenceSchema } from './schemas-evidence.ts';

const page = Type.Object(
  {
    after: Type.Optional(hash32),
    limit: Type.Integer({ minimum: 1, maximum: EVIDENCE_PAGE_MAX, default: EVIDENCE_PAGE_DEFAULT }),
  },
  { additionalProperties: false },
);

/** Validators that contradicted themselves, with the proof. */
export function evidenceRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(
    '/v1/evidence',
    {
      schema: {
        tags: ['node'],
        summary: 'Signed statements of validators that contradict each other, by id',
        querystring: page,
        response: { 200: evidenceSchema },
      },
    },
    (request: FastifyRequest<{ Querystring: { after?: string; limit: number } }>) =>
      evidenceAnswer(context, request.query.after ?? '', request.query.limit),
  );
}

/** Records kept here of each signing key. */
export function evidenceCounts(records: readonly Uint8Array[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const bytes of records) {
    const { signingKey } = decodeEvidence(bytes);
    counts.set(signingKey, (counts.get(signingKey) ?? 0) + 1);
  }
  return counts;
}

function evidenceAnswer({ service }: ApiContext, after: string, limit: number): EvidenceAnswer {
  const items = service.view().evidence.flatMap((bytes) => itemOf(bytes, service.ledger));
  // Ids are the same on every node and stay: a page goes on where the one before ended.
  items.sort((a, b) => (a.id < b.id ? -1 : 1));
  const rest = items.filter(({ id }) => id > after);
  const evidence = rest.slice(0, limit);
  return { evidence, total: items.length, next: rest.length > limit ? (evidence.at(-1)?.id ?? null) : null };
}

function itemOf(bytes: Uint8Array, ledger: Ledger): EvidenceItem[] {
  const record = decodeEvidence(bytes);
  const { configuration } = ledger.configurations.withHash(record.configurationHash) ?? {};
  const validator = configuration?.validators.find(({ signingKey }) => signingKey === record.signingKey);
  // Only what was judged under a known configuration is kept.
  if (configuration === undefined || validator === undefined) return [];
  const [first, second] = [decodeStatement(record.first.bytes), decodeStatement(record.second.bytes)];
  return [
    {
      id: evidenceId(record),
      validator: validator.name,
      organization: validator.organization,
      signingKey: record.signingKey,
      configuration: configuration.number,
      configurationHash: record.configurationHash,
      kind: kindOf(first),
      height: first.kind === 'seal' ? first.height : null,
      index: first.kind === 'seal' ? null : first.index,
      round: first.kind === 'seal' ? null : first.round,
      first: statementJson(first, record.first),
      second: statementJson(second, record.second),
      record: toHex(bytes),
    },
  ];
}

function kindOf({ kind }: Statement): EvidenceKind {
  if (kind === 'seal') return 'seals';
  return kind === 'proposal' ? 'proposals' : 'votes';
}

function statementJson(statement: Statement, signed: SignedBytes): StatementAnswer {
  const signature = toHex(signed.signature);
  switch (statement.kind) {
    case 'seal': {
      const { kind, height, blockHash, configurationHash } = statement;
      return { kind, height, blockHash, configurationHash, signature };
    }
    case 'proposal': {
      const { kind, instance, index, round, validRound, firstEpoch, payload } = statement;
      const epoch = { number: firstEpoch.number, node: firstEpoch.node };
      return { kind, instance, index, round, validRound, firstEpoch: epoch, payload, signature };
    }
    default: {
      const { kind, instance, index, round, payload } = statement;
      return { kind, instance, index, round, payload, signature };
    }
  }
}
