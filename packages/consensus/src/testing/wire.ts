import { sha256Parts } from '@varve/crypto';
import { bytesEqual, type InstanceId, type NodeId, type PayloadId, utf8Encode } from '@varve/encoding';
import type { Envelope, Payload, Protocol } from '../contract.ts';

/** A message as it travels. */
export interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly body: Uint8Array;
  readonly payloads: readonly Payload[];
  readonly signature?: Uint8Array;
}

/** What a host makes of a packet. */
export type Opened<M> =
  | { readonly ok: true; readonly envelope: Envelope<M> }
  | { readonly ok: false; readonly reason: string };

/** Does what a host does between its engine and the network: signs, encodes, decodes and verifies. */
export class Wire<M> {
  readonly #protocol: Protocol<M>;
  readonly #instance: InstanceId;
  readonly #find: (id: PayloadId) => Payload | undefined;

  /** @param find - The payload store of every host. */
  constructor(protocol: Protocol<M>, instance: InstanceId, find: (id: PayloadId) => Payload | undefined) {
    this.#protocol = protocol;
    this.#instance = instance;
    this.#find = find;
  }

  /** Adds the sender's signature where the protocol asks for one. */
  sign(envelope: Envelope<M>): Envelope<M> {
    const bytes = this.#protocol.signBytes(envelope.message, this.#instance);
    return bytes ? { ...envelope, signature: stamp(envelope.from, bytes) } : envelope;
  }

  seal(envelope: Envelope<M>): Packet {
    const { from, to, message, signature } = envelope.signature ? envelope : this.sign(envelope);
    return { from, to, ...this.#protocol.encode(message), ...(signature ? { signature } : {}) };
  }

  /** Everything that a host checks before a step: the form, the sender's signature, every relayed statement. */
  open(packet: Packet): Opened<M> {
    const carried = new Map(packet.payloads.map((payload) => [payload.id, payload]));
    const decoded = this.#protocol.decode(packet.body, (id) => carried.get(id) ?? this.#find(id));
    if (decoded.kind !== 'message') return { ok: false, reason: decoded.kind };
    const { message } = decoded;
    const { from, to, signature } = packet;
    const bytes = this.#protocol.signBytes(message, this.#instance);
    if (bytes && !(signature && bytesEqual(signature, stamp(from, bytes)))) return { ok: false, reason: 'signature' };
    for (const statement of this.#protocol.statements(message, this.#instance)) {
      if (!bytesEqual(statement.signature, stamp(statement.voter, statement.bytes)))
        return { ok: false, reason: 'statement' };
    }
    return { ok: true, envelope: { from, to, message, ...(signature ? { signature } : {}) } };
  }
}

/** A stand-in for a signature: it binds name and bytes, and keeps no secret. */
function stamp(voter: NodeId, bytes: Uint8Array): Uint8Array {
  return sha256Parts(utf8Encode(`${voter}\n`), bytes);
}
