import type {
  BlockSummary,
  CertificateAnswer,
  ConfigurationAnswer,
  EventAnswer,
  ExecutedAnswer,
  HeaderAnswer,
  JsonValue,
  OutcomeAnswer,
} from '@varve/client';
import { faultModelOf, quorumSize } from '@varve/consensus';
import { type CborValue, toHex } from '@varve/encoding';
import {
  type Certificate,
  type ConfigurationStep,
  decodeResults,
  encodeCertificate,
  encodeConfiguration,
  type Header,
  type ModuleEvent,
  type Outcome,
  type SealedHeader,
} from '@varve/ledger';
import type { Ledger, RuledStretch, TransactionView } from '@varve/ledger/chain';

/** The greatest time that RFC 3339 can write, year 9999. */
const TIME_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** RFC 3339 of Unix milliseconds; what lies beyond the year 9999, which a client can sign, is cut to it. */
export function timeJson(time: number): string {
  return new Date(Math.min(time, TIME_MAX)).toISOString();
}

/** A CBOR value with its byte strings in hex. */
export function valueJson(value: CborValue): JsonValue {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(valueJson);
  return value as JsonValue;
}

export function outcomeJson(outcome: Outcome): OutcomeAnswer {
  return { code: outcome.code, failedOperation: outcome.failedOperation, resultsHash: toHex(outcome.resultsHash) };
}

export function eventJson(event: ModuleEvent): EventAnswer {
  return { module: event.module, topic: event.topic, value: valueJson(event.value) };
}

export function headerJson(header: Header): HeaderAnswer {
  return {
    chainId: header.chainId,
    height: header.height,
    parentHash: header.parentHash,
    index: header.index,
    epoch: { number: header.epoch.number, node: header.epoch.node },
    time: timeJson(header.time),
    configurationHash: header.configurationHash,
    nextConfigurationHash: header.nextConfigurationHash,
    payloadHash: header.payloadHash,
    transactionsRoot: toHex(header.transactionsRoot),
    transactionCount: header.transactionCount,
    stateRoot: toHex(header.stateRoot),
    historyRoot: toHex(header.historyRoot),
  };
}

export function blockSummary(sealed: SealedHeader, finalHeight: number): BlockSummary {
  return { hash: sealed.hash, final: sealed.header.height <= finalHeight, header: headerJson(sealed.header) };
}

/** @param ledger - Knows the configuration that certified, which names the signers. */
export function certificateJson(certificate: Certificate, ledger: Ledger): CertificateAnswer {
  const validators = ledger.configurations.withHash(certificate.configurationHash)?.configuration.validators;
  return {
    height: certificate.height,
    blockHash: certificate.blockHash,
    configurationHash: certificate.configurationHash,
    signatures: certificate.signatures.map(({ validatorIndex, signature }) => ({
      validatorIndex,
      validator: validators?.[validatorIndex]?.name ?? null,
      signature: toHex(signature),
    })),
    bytes: toHex(encodeCertificate(certificate)),
  };
}

export function executedJson(view: TransactionView): ExecutedAnswer {
  const { transaction } = view;
  const { values, events } = decodeResults(view.results);
  return {
    transactionId: transaction.id,
    height: view.height,
    index: view.leafIndex,
    outcome: outcomeJson(view.outcome),
    account: transaction.account,
    publicKey: toHex(transaction.publicKey),
    nonce: toHex(transaction.nonce),
    validUntil: timeJson(transaction.validUntil),
    operations: transaction.operations.map((operation) => ({
      module: operation.module,
      method: operation.method,
      arguments: operation.arguments.map(valueJson),
    })),
    values: values.map(valueJson),
    events: events.map(eventJson),
  };
}

/**
 * @param stretch - The configuration, and where it begins; `current` says whether it rules the next block.
 * @param step - What leads to it, where there is such a thing.
 */
export function configurationJson(
  { configuration, hash, first }: RuledStretch,
  current: boolean,
  step: ConfigurationStep | undefined,
): ConfigurationAnswer {
  const { parameters, validators, protocol } = configuration;
  const faultModel = faultModelOf(protocol);
  return {
    number: configuration.number,
    hash,
    parentHash: configuration.parentHash,
    protocol,
    faultModel,
    quorum: quorumSize(validators.length, faultModel),
    current,
    firstHeight: first,
    validators: validators.map(({ name, organization, signingKey, networkKey }) => ({
      name,
      organization,
      signingKey,
      networkKey,
    })),
    parameters: {
      ...parameters,
      timeFloor: parameters.timeFloor === null ? null : timeJson(parameters.timeFloor),
    },
    bytes: toHex(encodeConfiguration(configuration)),
    step: step
      ? { header: toHex(step.lastHeader.bytes), certificate: toHex(encodeCertificate(step.certificate)) }
      : null,
  };
}
