import type { Input, Payload, Protocol } from '@varve/consensus';
import { decodePayload, encodePayload, payloadIdOf } from '@varve/ledger';

/**
 * A protocol whose hosts sometimes order a transaction that is in the chain already: no correct builder does, but what
 * is ordered twice must be executed once.
 * @param again - The transaction to order again; `undefined` leaves the payload alone.
 */
export function repeating(protocol: Protocol<unknown>, again: () => Uint8Array | undefined): Protocol<unknown> {
  const amended = (input: Input<unknown>): Input<unknown> => {
    const transaction = input.kind === 'propose' ? again() : undefined;
    if (input.kind !== 'propose' || transaction === undefined) return input;
    return { ...input, payload: withTransaction(input.payload, transaction) };
  };
  return {
    ...protocol,
    create: (configuration, recovered, options, now) => {
      const { engine, first } = protocol.create(configuration, recovered, options, now);
      return { engine: { step: (input, at) => engine.step(amended(input), at), status: () => engine.status() }, first };
    },
  };
}

function withTransaction(payload: Payload, transaction: Uint8Array): Payload {
  const content = decodePayload(payload.bytes);
  const bytes = encodePayload({ ...content, transactions: [...content.transactions, transaction] });
  return { id: payloadIdOf(bytes), bytes };
}
