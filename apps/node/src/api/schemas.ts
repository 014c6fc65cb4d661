import { type TSchema, Type } from 'typebox';

const strict = { additionalProperties: false } as const;
const hex = (description: string): TSchema => Type.String({ pattern: '^([0-9a-f]{2})*$', description });

/** 32 bytes in hex. */
export const hash32: TSchema = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const time: TSchema = Type.String({ description: 'RFC 3339', examples: ['2026-11-21T10:00:00.000Z'] });
export const count: TSchema = Type.Integer({ minimum: 0 });
export const bytes: TSchema = hex('bytes in lower-case hex');
export const signature64: TSchema = Type.String({ pattern: '^[0-9a-f]{128}$' });
/** `schema` or null. */
export const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
export const list = (schema: TSchema): TSchema => Type.Array(schema);
/** An object with exactly these fields. */
export const record = (fields: Record<string, TSchema>): TSchema => Type.Object(fields, strict);
const optional = (schema: TSchema): TSchema => Type.Optional(schema);
export const text: TSchema = Type.String();
export const flag: TSchema = Type.Boolean();
export const oneOf = (...texts: string[]): TSchema => Type.Union(texts.map((one) => Type.Literal(one)));
/** A CBOR value in JSON; byte strings are hex. */
const value: TSchema = Type.Unknown({ description: 'a value, its byte strings in hex' });

export const problemSchema: TSchema = record({
  type: Type.String({ description: 'URI reference to the explanation of the code' }),
  title: text,
  status: Type.Integer(),
  code: text,
  detail: text,
  hint: text,
  retry: optional(oneOf('never', 'later', 'elsewhere')),
  transactionId: optional(hash32),
});

export const epochSchema: TSchema = record({ number: count, node: text });

const outcomeSchema: TSchema = record({
  code: Type.String({ description: 'OK, or the code of the operation that failed' }),
  failedOperation: nullable(count),
  resultsHash: hash32,
});

const headerSchema: TSchema = record({
  chainId: hash32,
  height: count,
  parentHash: hash32,
  index: count,
  epoch: epochSchema,
  time,
  configurationHash: hash32,
  nextConfigurationHash: hash32,
  payloadHash: hash32,
  transactionsRoot: hash32,
  transactionCount: count,
  stateRoot: hash32,
  historyRoot: hash32,
});

const certificateSchema: TSchema = record({
  height: count,
  blockHash: hash32,
  configurationHash: hash32,
  signatures: list(record({ validatorIndex: count, validator: nullable(text), signature: bytes })),
  bytes,
});

const executed: Record<string, TSchema> = {
  transactionId: hash32,
  height: count,
  index: count,
  outcome: outcomeSchema,
  account: hash32,
  publicKey: hash32,
  nonce: bytes,
  validUntil: time,
  operations: list(record({ module: text, method: text, arguments: list(value) })),
  values: list(value),
  events: list(record({ module: text, topic: text, value })),
};

const executedSchema: TSchema = record(executed);

const transactionStatus = oneOf('pending', 'committed', 'final', 'expired');

export const transactionSchema: TSchema = record({
  transactionId: hash32,
  status: transactionStatus,
  execution: nullable(record({ ...executed, blockHash: hash32, time })),
  bytes: nullable(bytes),
});

export const resultSchema: TSchema = record({
  transactionId: hash32,
  status: transactionStatus,
  height: nullable(count),
  index: nullable(count),
  outcome: nullable(outcomeSchema),
  known: flag,
  receipt: optional(bytes),
});

export const batchSchema: TSchema = record({
  results: list(
    Type.Union([
      resultSchema,
      record({ transactionId: nullable(hash32), status: Type.Literal('refused'), problem: problemSchema }),
    ]),
  ),
});

export const receiptSchema: TSchema = record({
  transactionId: hash32,
  receipt: bytes,
  index: count,
  outcome: outcomeSchema,
  path: list(hash32),
  blockHash: hash32,
  header: headerSchema,
  later: nullable(record({ blockHash: hash32, header: headerSchema, path: list(hash32) })),
  certificate: certificateSchema,
});

const named = record({ blockHash: hash32, header: headerSchema });

export const consistencySchema: TSchema = record({
  from: named,
  to: named,
  path: list(hash32),
  later: nullable(record({ blockHash: hash32, header: headerSchema, path: list(hash32) })),
  certificate: nullable(certificateSchema),
  consistency: bytes,
});

const summary: Record<string, TSchema> = { hash: hash32, final: flag, header: headerSchema };
export const blocksSchema: TSchema = record({ blocks: list(record(summary)), next: nullable(count) });
export const blockSchema: TSchema = record({
  ...summary,
  headerBytes: bytes,
  transactions: list(executedSchema),
  certificate: nullable(certificateSchema),
});

export const stateSchema: TSchema = record({
  module: text,
  key: bytes,
  found: flag,
  value: nullable(bytes),
  version: nullable(count),
  modifiedHeight: nullable(count),
  height: count,
  blockHash: hash32,
  consistency: oneOf('local', 'linearizable', 'final'),
  decoded: Type.Unknown(),
  proof: nullable(
    record({
      stateProof: bytes,
      header: bytes,
      certificate: nullable(bytes),
      later: Type.Optional(record({ header: bytes, path: list(hash32) })),
    }),
  ),
});
