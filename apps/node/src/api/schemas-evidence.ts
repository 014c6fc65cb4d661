import { type TSchema, Type } from 'typebox';
import { bytes, count, epochSchema, hash32, list, nullable, oneOf, record, signature64, text } from './schemas.ts';

const place: Record<string, TSchema> = { instance: hash32, index: count, round: count };

const statement: TSchema = Type.Union([
  record({
    kind: oneOf('prevote', 'precommit'),
    ...place,
    payload: nullable(hash32),
    signature: signature64,
  }),
  record({
    kind: Type.Literal('proposal'),
    ...place,
    validRound: nullable(count),
    firstEpoch: epochSchema,
    payload: hash32,
    signature: signature64,
  }),
  record({
    kind: Type.Literal('seal'),
    height: count,
    blockHash: hash32,
    configurationHash: hash32,
    signature: signature64,
  }),
]);

export const evidenceSchema: TSchema = record({
  evidence: list(
    record({
      id: hash32,
      validator: text,
      organization: text,
      signingKey: hash32,
      configuration: count,
      configurationHash: hash32,
      kind: oneOf('votes', 'proposals', 'seals'),
      height: nullable(count),
      index: nullable(count),
      round: nullable(count),
      first: statement,
      second: statement,
      record: bytes,
    }),
  ),
  total: count,
  next: nullable(hash32),
});
