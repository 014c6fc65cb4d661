import type { Stream } from '@libp2p/interface';
import { ConnectionEnded } from './errors.ts';
import { FrameReader } from './frames.ts';
import { tellSeldom } from './window.ts';

/** Where an inbound stream's packets go. */
export interface InboundPort {
  onPacket(packet: Uint8Array): void;
  /** The peer announced a frame over the limit; the stream is reset already. */
  onViolation(): void;
}

/**
 * Reads packets from `stream` until it ends.
 * It listens for events: the library's iterator misses an end that comes before the reader, and then waits for ever.
 */
export function readPackets(stream: Stream, port: InboundPort): void {
  const reader = new FrameReader((packet) => port.onPacket(packet));
  let bytesRead = 0;
  tellSeldom(stream, () => bytesRead);
  stream.addEventListener('message', ({ data }) => {
    bytesRead += data.byteLength;
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      if (reader.push(chunk)) continue;
      // False also when the stream closed while a packet was being handled.
      if (stream.status !== 'open') return;
      stream.abort(new ConnectionEnded('frame too large'));
      port.onViolation();
      return;
    }
  });
  stream.addEventListener('close', () => reader.stop());
  // A peer of ours never ends a stream politely; whoever does would otherwise leave it half open.
  const end = () => stream.abort(new ConnectionEnded('the peer ended the stream'));
  stream.addEventListener('end', end);
  if (stream.readableEnded) end();
}
