import { PACKET_BYTES_MAX } from './limits.ts';

/** Bytes before each packet: its length, big-endian. */
export const FRAME_HEADER_BYTES = 4;
const PACKET_BYTES_FIRST = 64 * 1024;

/** One chunk of bytes with a frame for each of `packets`, in order. */
export function encodeFrames(packets: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const packet of packets) length += FRAME_HEADER_BYTES + packet.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const packet of packets) {
    view.setUint32(offset, packet.length);
    bytes.set(packet, offset + FRAME_HEADER_BYTES);
    offset += FRAME_HEADER_BYTES + packet.length;
  }
  return bytes;
}

/**
 * Puts frames together again from chunks of any size.
 *
 * A length over the limit is refused before anything is allocated for it, and a large packet's memory grows with what
 * has arrived of it, so that a peer cannot reserve memory by announcing.
 */
export class FrameReader {
  readonly #onPacket: (packet: Uint8Array) => void;
  readonly #packetBytesMax: number;
  #header = 0;
  #headerBytes = 0;
  #packet: Uint8Array | undefined;
  #packetBytes = 0;
  #isStopped = false;

  constructor(onPacket: (packet: Uint8Array) => void, packetBytesMax: number = PACKET_BYTES_MAX) {
    this.#onPacket = onPacket;
    this.#packetBytesMax = packetBytesMax;
  }

  /**
   * Takes the next chunk and delivers every packet that it completes.
   * @returns `false` when a frame is over the limit: the stream is then useless.
   */
  push(chunk: Uint8Array): boolean {
    let offset = 0;
    while (offset < chunk.length && !this.#isStopped) {
      if (this.#headerBytes < FRAME_HEADER_BYTES) {
        this.#header = this.#header * 256 + (chunk[offset++] ?? 0);
        if (++this.#headerBytes < FRAME_HEADER_BYTES) continue;
        if (this.#header > this.#packetBytesMax) this.stop();
        else if (this.#header === 0) this.#deliver(new Uint8Array(0));
      } else {
        offset += this.#take(chunk, offset);
      }
    }
    return !this.#isStopped;
  }

  /** Delivers nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#packet = undefined;
  }

  #take(chunk: Uint8Array, offset: number): number {
    const missing = this.#header - this.#packetBytes;
    const taken = Math.min(missing, chunk.length - offset);
    // The packet is always a copy: a view would keep the whole chunk of the socket alive.
    const packet = this.#room(this.#packetBytes + taken);
    packet.set(chunk.subarray(offset, offset + taken), this.#packetBytes);
    this.#packetBytes += taken;
    if (taken === missing) this.#deliver(packet);
    return taken;
  }

  #room(bytes: number): Uint8Array {
    const packet = this.#packet;
    if (packet && packet.length >= bytes) return packet;
    const length = Math.min(this.#header, Math.max(bytes, PACKET_BYTES_FIRST, 2 * (packet?.length ?? 0)));
    const grown = new Uint8Array(length);
    if (packet) grown.set(packet.subarray(0, this.#packetBytes));
    this.#packet = grown;
    return grown;
  }

  #deliver(packet: Uint8Array): void {
    this.#header = 0;
    this.#headerBytes = 0;
    this.#packet = undefined;
    this.#packetBytes = 0;
    this.#onPacket(packet);
  }
}
