/** Longer replies than those of `create` and of a connection never come; a garbled length must not fill the memory. */
const REPLY_BYTES_MAX = 1 << 20;
const LENGTH_BYTES = 4;
const PASSWORD_BYTES = 16;
const CREATE = 1;
/** All of `Perms`: read, write, create, delete, admin. */
const PERMISSIONS_ALL = 31;

/** A reply's header: int32 xid, int64 zxid, int32 error; what follows is not looked at. */
export interface Reply {
  readonly xid: number;
  readonly error: number;
}

/** The first request of a connection: a new session that ends after so many milliseconds of silence. */
export function connectFrame(timeoutMs: number): Buffer {
  const body = Buffer.alloc(4 + 8 + 4 + 8 + 4 + PASSWORD_BYTES);
  body.writeInt32BE(timeoutMs, 12);
  body.writeInt32BE(PASSWORD_BYTES, 24);
  return framed(body);
}

/** Creates a lasting node that anyone may do anything with. */
export function createFrame(xid: number, path: string, data: Uint8Array): Buffer {
  return framed(
    int32(xid),
    int32(CREATE),
    buffer(Buffer.from(path)),
    buffer(data),
    int32(1),
    int32(PERMISSIONS_ALL),
    buffer(Buffer.from('world')),
    buffer(Buffer.from('anyone')),
    int32(0),
  );
}

/** @throws {TypeError} for less than a header. */
export function parseReply(frame: Buffer): Reply {
  if (frame.length < 16) throw new TypeError(`a reply of ${frame.length} bytes`);
  return { xid: frame.readInt32BE(0), error: frame.readInt32BE(12) };
}

/** Cuts what a connection brings into frames, wherever its chunks end. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns The frames that are complete now, without their lengths. @throws {TypeError} for an absurd length. */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readInt32BE(at);
      if (length < 0 || length > REPLY_BYTES_MAX) throw new TypeError(`a frame of ${length} bytes`);
      if (bytes.length - at - LENGTH_BYTES < length) break;
      frames.push(bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length));
      at += LENGTH_BYTES + length;
    }
    this.#rest = bytes.subarray(at);
    return frames;
  }
}

function framed(...parts: readonly Uint8Array[]): Buffer {
  return buffer(Buffer.concat(parts));
}

/** A string or buffer of the protocol: its length before it. */
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.concat([int32(bytes.length), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
