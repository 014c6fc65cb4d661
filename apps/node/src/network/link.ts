import type { Connection, Stream } from '@libp2p/interface';
import type { PublicKeyHex } from '@varve/encoding';
import { abortConnection, ConnectionEnded, type RefusalReason } from './errors.ts';
import { encodeFrames, FRAME_HEADER_BYTES } from './frames.ts';
import {
  CROSSING_DIALS_MS,
  STALL_MS,
  STREAM_LIFE_MS_MIN,
  STREAM_OPEN_TIMEOUT_MS,
  WRITE_BUFFER_BYTES_MAX,
} from './limits.ts';

/** What a link tells its owner. */
export interface LinkPort {
  readonly protocol: string;
  onLink(peer: PublicKeyHex, up: boolean): void;
  onRefused(peer: PublicKeyHex, reason: RefusalReason): void;
  /** Packets left together, as so many bytes with their framing. */
  onSent(packets: number, bytes: number): void;
}

type Outbound = { readonly stream: Stream; readonly connection: Connection; readonly openedAt: number };

/**
 * All connections to one peer, and on the first of them the one stream that carries our packets.
 *
 * The link is up from the moment that stream is open until it is lost for good. When one of several connections ends,
 * all of them do: the library's gossip does not move to a remaining one.
 */
export class Link {
  readonly peer: PublicKeyHex;
  readonly #port: LinkPort;
  /** With the time each opened; the first carries the stream. */
  readonly #connections = new Map<Connection, number>();
  #outbound: Outbound | undefined;
  #isOpening = false;
  #isUp = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #acceptedBytes = 0;
  #sentBytes = 0;
  #progressAt = 0;

  constructor(peer: PublicKeyHex, port: LinkPort) {
    this.peer = peer;
    this.#port = port;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isConnected(): boolean {
    return this.#connections.size > 0;
  }

  /**
   * Takes a new connection. Two that open together are crossing dials, and both stay; a peer that dials when it has
   * been connected for long has lost its end, so everything is closed and begins afresh.
   */
  add(connection: Connection): void {
    const now = performance.now();
    const hasOld = [...this.#connections.values()].some((openedAt) => now - openedAt > CROSSING_DIALS_MS);
    this.#connections.set(connection, now);
    if (hasOld) this.abort('the peer has dialled again');
    else void this.#open();
  }

  remove(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.abort('another connection of this peer ended');
  }

  /** Ends every connection at once. */
  abort(reason: string): void {
    const connections = [...this.#connections.keys()];
    this.#connections.clear();
    this.#lose();
    for (const connection of connections) abortConnection(connection, reason);
  }

  /**
   * Queues `packet` for the peer; packets of one turn leave together.
   * @param packet - Must not change before the end of the turn.
   * @returns `false` when it is dropped: not connected, or too much is waiting already.
   */
  send(packet: Uint8Array): boolean {
    const outbound = this.#outbound;
    if (!outbound) return false;
    const bytes = FRAME_HEADER_BYTES + packet.length;
    if (this.#waitingBytes + outbound.stream.writeBufferLength + bytes > WRITE_BUFFER_BYTES_MAX) return false;
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    this.#waiting.push(packet);
    this.#waitingBytes += bytes;
    return true;
  }

  /** Ends the link when bytes wait and none has left for `STALL_MS`; to be called regularly. */
  sweep(now: number): void {
    const stream = this.#outbound?.stream;
    if (!stream) return;
    const sentBytes = this.#acceptedBytes - stream.writeBufferLength;
    if (stream.writeBufferLength === 0 || sentBytes !== this.#sentBytes) {
      this.#sentBytes = sentBytes;
      this.#progressAt = now;
    } else if (now - this.#progressAt > STALL_MS) {
      this.#port.onRefused(this.peer, 'STALLED');
      this.abort('the peer does not read');
    }
  }

  #flush(): void {
    const packets = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const stream = this.#outbound?.stream;
    if (!stream || packets.length === 0) return;
    const bytes = encodeFrames(packets);
    try {
      stream.send(bytes);
      this.#acceptedBytes += bytes.length;
      this.#port.onSent(packets.length, bytes.length);
    } catch (error) {
      // The stream is closing; its close event does the rest.
      stream.abort(error instanceof Error ? error : new ConnectionEnded(String(error)));
    }
  }

  async #open(): Promise<void> {
    const connection = this.#connections.keys().next().value;
    if (this.#isOpening || this.#outbound || !connection) return;
    this.#isOpening = true;
    try {
      const signal = AbortSignal.timeout(STREAM_OPEN_TIMEOUT_MS);
      const stream = await connection.newStream(this.#port.protocol, { signal });
      this.#isOpening = false;
      if (this.#connections.has(connection) && stream.status === 'open') this.#use(stream, connection);
      else this.#fail(connection, 'the stream closed while it opened');
    } catch (error) {
      this.#isOpening = false;
      const isUnsupported = error instanceof Error && error.name === 'UnsupportedProtocolError';
      if (isUnsupported && this.#connections.has(connection)) this.#port.onRefused(this.peer, 'PROTOCOL_UNSUPPORTED');
      this.#fail(connection, 'no stream could be opened');
    }
  }

  #use(stream: Stream, connection: Connection): void {
    this.#outbound = { stream, connection, openedAt: performance.now() };
    this.#acceptedBytes = 0;
    this.#sentBytes = 0;
    this.#progressAt = performance.now();
    stream.addEventListener('close', () => this.#onStreamClosed(stream));
    if (this.#isUp) return;
    this.#isUp = true;
    this.#port.onLink(this.peer, true);
  }

  #fail(connection: Connection, reason: string): void {
    if (this.#connections.has(connection)) this.abort(reason);
    else void this.#open();
  }

  #onStreamClosed(stream: Stream): void {
    const outbound = this.#outbound;
    if (outbound?.stream !== stream) return;
    this.#outbound = undefined;
    const isYoung = performance.now() - outbound.openedAt < STREAM_LIFE_MS_MIN;
    if (outbound.connection.status !== 'open' || isYoung) this.abort('the packet stream ended');
    else void this.#open();
  }

  #lose(): void {
    this.#outbound = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#port.onLink(this.peer, false);
  }
}
