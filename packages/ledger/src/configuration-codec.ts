import {
  type Configuration,
  type GovernancePolicy,
  type Parameters,
  PROTOCOL_NAMES,
  type ProtocolName,
  type ValidatorMember,
} from '@varve/consensus';
import {
  CborReader,
  type CborValue,
  type ConfigurationHash,
  configurationHash,
  encodeCbor,
  fromHex,
  nodeId,
  publicKeyHex,
  toHex,
} from '@varve/encoding';
import { LedgerError, readingAs } from './errors.ts';
import { hashOf, ZERO_HASH_HEX } from './hashes.ts';
import { RULES_KNOWN } from './rules.ts';

/** The parameters of a genesis that sets none. */
export const PARAMETERS_DEFAULT: Parameters = {
  rules: RULES_KNOWN,
  transactionBytesMax: 65_536,
  payloadBytesMax: 1_048_576,
  operationsMax: 64,
  keyBytesMax: 512,
  valueBytesMax: 32_768,
  validityMs: 600_000,
  timeFloor: null,
  policies: [],
};

/** The most validators a configuration may have: certificates and votes are sized for it. */
export const VALIDATORS_MAX = 64;
/** Names of organizations and validators. */
export const NAME_PATTERN: RegExp = /^[a-z0-9-]{1,32}$/;
/** The parent of configuration 0. */
export const CONFIGURATION_PARENT_NONE: ConfigurationHash = configurationHash(ZERO_HASH_HEX);

/** FORMATS `configuration`, as a CBOR value. */
export function configurationValue(configuration: Configuration): CborValue {
  const p = configuration.parameters;
  return [
    configuration.number,
    fromHex(configuration.parentHash),
    configuration.protocol,
    configuration.validators.map((v) => [v.name, v.organization, fromHex(v.signingKey), fromHex(v.networkKey)]),
    [
      p.rules,
      p.transactionBytesMax,
      p.payloadBytesMax,
      p.operationsMax,
      p.keyBytesMax,
      p.valueBytesMax,
      p.validityMs,
      p.timeFloor,
      p.policies.map((policy) => [policy.kind, policy.numerator, policy.denominator]),
    ],
  ];
}

/** FORMATS `configuration`. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  return encodeCbor(configurationValue(configuration));
}

/** SHA-256 of a configuration. */
export function configurationHashOf(configuration: Configuration): ConfigurationHash {
  return toHex(hashOf(configurationValue(configuration))) as ConfigurationHash;
}

/**
 * Decodes a configuration and checks its rules: validators ascending by name, names and keys distinct.
 * @throws {LedgerError} `CONFIGURATION_MALFORMED`.
 */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  return readingAs('CONFIGURATION_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const configuration = readConfiguration(reader);
    reader.end();
    return configuration;
  });
}

/** Reads a configuration inside another record. */
export function readConfiguration(reader: CborReader): Configuration {
  reader.array(5);
  const configuration: Configuration = {
    number: reader.uint(),
    parentHash: configurationHash(toHex(reader.byteString(32))),
    protocol: readProtocol(reader),
    validators: reader.list(readValidator, VALIDATORS_MAX),
    parameters: readParameters(reader),
  };
  checkConfiguration(configuration);
  return configuration;
}

/**
 * Checks what the shape alone does not say.
 * @throws {LedgerError} `CONFIGURATION_MALFORMED` naming the first broken rule.
 */
export function checkConfiguration(configuration: Configuration): void {
  const { validators } = configuration;
  if (validators.length === 0) throw malformed('no validators');
  const keys = new Set<string>();
  validators.forEach((validator, i) => {
    const previous = validators[i - 1];
    if (previous && previous.name >= validator.name) throw malformed('validators not ascending by name');
    for (const key of [validator.signingKey, validator.networkKey]) {
      if (keys.has(key)) throw malformed(`key ${key} occurs twice`);
      keys.add(key);
    }
  });
  if ((configuration.number === 0) !== (configuration.parentHash === CONFIGURATION_PARENT_NONE)) {
    throw malformed('only configuration 0 has no parent');
  }
  const p = configuration.parameters;
  if (p.rules < 1 || p.operationsMax < 1 || p.validityMs < 1) throw malformed('a limit is zero');
  if (p.transactionBytesMax + 1024 > p.payloadBytesMax) throw malformed('a payload must have room for a transaction');
}

function readProtocol(reader: CborReader): ProtocolName {
  const start = reader.offset;
  const text = reader.text();
  const protocol = PROTOCOL_NAMES.find((name) => name === text);
  if (protocol === undefined) reader.unexpected('a protocol name', start);
  return protocol;
}

function readValidator(reader: CborReader): ValidatorMember {
  reader.array(4);
  return {
    name: nodeId(reader.text()),
    organization: readName(reader),
    signingKey: publicKeyHex(toHex(reader.byteString(32))),
    networkKey: publicKeyHex(toHex(reader.byteString(32))),
  };
}

function readParameters(reader: CborReader): Parameters {
  reader.array(9);
  return {
    rules: reader.uint(),
    transactionBytesMax: reader.uint(),
    payloadBytesMax: reader.uint(),
    operationsMax: reader.uint(),
    keyBytesMax: reader.uint(),
    valueBytesMax: reader.uint(),
    validityMs: reader.uint(),
    timeFloor: reader.nullable((inner) => inner.uint()),
    policies: reader.list(readPolicy, 64),
  };
}

function readPolicy(reader: CborReader): GovernancePolicy {
  reader.array(3);
  return { kind: readName(reader), numerator: reader.uint(), denominator: reader.uint() };
}

/** Reads a `name` of FORMATS. */
export function readName(reader: CborReader): string {
  const start = reader.offset;
  const text = reader.text();
  if (!NAME_PATTERN.test(text)) reader.unexpected('a name of 1 to 32 of a-z, 0-9 and -', start);
  return text;
}

function malformed(reason: string): LedgerError {
  return new LedgerError('CONFIGURATION_MALFORMED', { reason });
}
