import { type TSchema, Type } from 'typebox';
import { bytes, count, epochSchema, flag, hash32, list, nullable, oneOf, record, text, time } from './schemas.ts';

const faultModel = oneOf('crash', 'byzantine');
const milliseconds = nullable(Type.Number());

export const genesisSchema: TSchema = record({ chainId: hash32, document: Type.Object({}), genesis: bytes });

export const statusSchema: TSchema = record({
  chainId: hash32,
  title: text,
  name: nullable(text),
  networkKey: hash32,
  bootId: text,
  mode: oneOf('starting', 'validator', 'observer', 'observer-only'),
  observerOnly: nullable(record({ code: text, reason: text })),
  height: count,
  blockHash: hash32,
  blockTime: time,
  finalHeight: count,
  finalBlockHash: hash32,
  finalBlockTime: time,
  configuration: record({
    number: count,
    hash: hash32,
    validators: count,
    quorum: count,
    faultModel,
    validityMs: count,
  }),
  protocol: text,
  role: nullable(text),
  leader: nullable(text),
  engine: nullable(
    record({
      epoch: epochSchema,
      lastIndex: count,
      committed: count,
      applied: count,
      inFlight: record({ payloads: count, bytes: count }),
      waiting: nullable(record({ code: text, nodes: list(text) })),
    }),
  ),
  pool: record({ transactions: count, bytes: count }),
  peers: record({ connected: count, known: count }),
  conditions: list(record({ code: text, detail: text, nodes: list(text) })),
  leaving: nullable(
    record({ lastHeight: count, reported: count, quorum: count, code: oneOf('LEAVING', 'SAFE_TO_STOP') }),
  ),
  sealsMissing: list(text),
  loopLagP99Ms: Type.Number(),
});

export const configurationsSchema: TSchema = record({
  height: count,
  organizations: list(text),
  configurations: list(
    record({
      number: count,
      hash: hash32,
      parentHash: hash32,
      protocol: text,
      faultModel,
      quorum: count,
      current: flag,
      firstHeight: count,
      validators: list(record({ name: text, organization: text, signingKey: hash32, networkKey: hash32 })),
      parameters: record({
        rules: count,
        transactionBytesMax: count,
        payloadBytesMax: count,
        operationsMax: count,
        keyBytesMax: count,
        valueBytesMax: count,
        validityMs: count,
        timeFloor: nullable(time),
        policies: list(record({ kind: text, numerator: count, denominator: count })),
      }),
      bytes: text,
      step: nullable(record({ header: text, certificate: text })),
    }),
  ),
});

export const accountSchema: TSchema = record({
  accountId: hash32,
  organization: text,
  roles: list(text),
  keys: list(hash32),
  height: count,
});

const peer: Record<string, TSchema> = {
  networkKey: hash32,
  connected: flag,
  height: nullable(count),
  finalHeight: nullable(count),
  behind: nullable(count),
  heardMs: milliseconds,
  clockOffsetMs: milliseconds,
};

export const validatorsSchema: TSchema = record({
  height: count,
  finalHeight: count,
  quorum: count,
  up: count,
  validators: list(
    record({
      ...peer,
      name: text,
      organization: text,
      signingKey: hash32,
      self: flag,
      sealMissing: flag,
      evidence: count,
    }),
  ),
  others: list(record({ ...peer, name: nullable(text) })),
});

export const searchSchema: TSchema = record({
  hits: list(
    Type.Union([
      record({ kind: Type.Literal('block'), height: count, hash: hash32 }),
      record({ kind: Type.Literal('transaction'), transactionId: hash32, status: text }),
      record({ kind: Type.Literal('account'), accountId: hash32, organization: text }),
      record({ kind: Type.Literal('validator'), name: text, organization: text }),
    ]),
  ),
});
