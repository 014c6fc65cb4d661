import type { Engine, Output, Payload, Protocol } from '@varve/consensus';
import type { PayloadId } from '@varve/encoding';
import { decodePayload, encodePayload, payloadIdOf } from '@varve/ledger';
import { stepping } from '../world/stepping.ts';

/**
 * A protocol whose hosts sometimes order a transaction that is in the chain already: no correct builder does, but what
 * is ordered twice must be executed once.
 * @param again - The transaction to order again; `undefined` leaves the payload alone.
 */
export function repeating(protocol: Protocol<unknown>, again: () => Uint8Array | undefined): Protocol<unknown> {
  return stepping(protocol, ({ engine }) => amending(engine, again));
}

function amending(engine: Engine<unknown>, again: () => Uint8Array | undefined): Engine<unknown>['step'] {
  /** The host's own payload, by that which was ordered in its place. */
  const originals = new Map<PayloadId, PayloadId>();
  const restored = (output: Output<unknown>): Output<unknown> =>
    output.dropped.length === 0 ? output : { ...output, dropped: output.dropped.map((id) => originals.get(id) ?? id) };
  return (input, now) => {
    const transaction = input.kind === 'propose' ? again() : undefined;
    if (input.kind !== 'propose' || transaction === undefined) return restored(engine.step(input, now));
    const payload = withTransaction(input.payload, transaction);
    originals.set(payload.id, input.payload.id);
    return restored(engine.step({ ...input, payload }, now));
  };
}

function withTransaction(payload: Payload, transaction: Uint8Array): Payload {
  const content = decodePayload(payload.bytes);
  const bytes = encodePayload({ ...content, transactions: [...content.transactions, transaction] });
  return { id: payloadIdOf(bytes), bytes };
}
