import type { Protocol } from '@varve/consensus';
import { LedgerError } from '@varve/ledger';
import { decodePacket } from '@varve/validator';

/** Payloads are not looked at: a message that names one can be read without its bytes. */
const NOTHING = new Uint8Array();

/** What is in a packet, for people: kinds of messages, and of an engine's message its kind and its numbers. */
export function packetText(protocol: Protocol<unknown> | undefined, packet: Uint8Array): string {
  try {
    return decodePacket(packet)
      .map((message) => (message.kind === 'frame' ? frameText(protocol, message.frame.body) : message.kind))
      .join(', ');
  } catch (error) {
    if (error instanceof LedgerError) return 'garbage';
    throw error;
  }
}

function frameText(protocol: Protocol<unknown> | undefined, body: Uint8Array): string {
  if (protocol === undefined) return 'frame';
  const decoded = protocol.decode(body, (id) => ({ id, bytes: NOTHING }));
  if (decoded.kind !== 'message') return decoded.kind;
  const fields = Object.entries(decoded.message as Readonly<Record<string, unknown>>).flatMap(([name, value]) => {
    if (name === 'kind' || name === 'voter') return [];
    if (Array.isArray(value)) return value.length > 0 ? [`${name} ${value.length}`] : [];
    if (typeof value === 'string') return [`${name} ${value.slice(0, 8)}`];
    return typeof value === 'number' || typeof value === 'boolean' ? [`${name} ${value}`] : [];
  });
  const { kind } = decoded.message as { readonly kind?: unknown };
  return `${String(kind)}(${fields.join(' ')})`;
}
