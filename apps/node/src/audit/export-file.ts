import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, linkSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bytesEqual, encodeCbor } from '@varve/encoding';
import { SetupError } from '../setup/errors.ts';
import type { AuditCopy } from './copy.ts';
import { ExportError } from './export-errors.ts';
import {
  decodeEnd,
  decodeHead,
  decodeItem,
  EXPORT_ITEM_BYTES_MAX,
  type ExportEnd,
  type ExportHead,
  encodeEnd,
  encodeHead,
  encodeItem,
} from './export-format.ts';

/** What is read or written at once. */
const PIECE_BYTES = 1024 * 1024;

/** Writes an export file: under another name until it is whole. */
export class ExportWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  readonly #hash = createHash('sha256');
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isClosed = false;

  /** @throws {SetupError} `FILE_EXISTS`, `FILE_FAILED`. */
  constructor(path: string, head: ExportHead) {
    if (existsSync(path)) throw new SetupError('FILE_EXISTS', `${path} exists already`, { path });
    this.#path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    this.#descriptor = attempt(path, () => openSync(this.#temporary, 'w', 0o644));
    this.#item(encodeHead(head));
  }

  /** The next block. */
  add(header: Uint8Array, payload: Uint8Array, certificate: Uint8Array | null): void {
    this.#item(encodeItem(header, payload, certificate));
  }

  /** @throws {SetupError} `FILE_EXISTS`, `FILE_FAILED`. */
  finish(end: ExportEnd): void {
    this.#item(encodeEnd(end));
    this.#flush();
    this.#put(encodeCbor(new Uint8Array(this.#hash.digest())));
    this.#flush();
    attempt(this.#path, () => {
      fsyncSync(this.#descriptor);
      this.#close();
      try {
        linkSync(this.#temporary, this.#path);
      } finally {
        rmSync(this.#temporary, { force: true });
      }
    });
  }

  /** Leaves nothing behind. */
  abandon(): void {
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    if (!this.#isClosed) closeSync(this.#descriptor);
    this.#isClosed = true;
  }

  #item(bytes: Uint8Array): void {
    const item = encodeCbor(bytes);
    this.#hash.update(item);
    this.#put(item);
  }

  #put(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= PIECE_BYTES) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    attempt(this.#path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
  }
}

/**
 * Opens an export file and checks that it is whole: its digest, its beginning and its end. What its blocks are worth is
 * for the audit.
 * @throws {ExportError} `EXPORT_MALFORMED`.
 * @throws {SetupError} `FILE_FAILED`.
 */
export function openExportCopy(path: string): AuditCopy {
  const { head, end } = inspect(path);
  return {
    name: path,
    kind: 'export',
    genesis: head.genesis,
    claim: end,
    derived: undefined,
    faults: [],
    first: head.from,
    async *blocks(from) {
      let height = head.from - 1;
      for (const item of itemsIn(path, 'blocks')) {
        height += 1;
        if (height < from) continue;
        yield read(() => decodeItem(height, item));
      }
    },
    async *records() {
      // It holds blocks alone.
    },
    close: async () => undefined,
  };
}

/** Reads the whole file once: the digest covers every byte of it. */
function inspect(path: string): { readonly head: ExportHead; readonly end: ExportEnd } {
  const hash = createHash('sha256');
  let head: ExportHead | undefined;
  let blocks = 0;
  const last: Uint8Array[] = [];
  for (const item of itemsIn(path, 'all')) {
    head ??= read(() => decodeHead(item));
    last.push(item.slice());
    blocks += 1;
    const settled = last.length > 2 ? last.shift() : undefined;
    if (settled) hash.update(encodeCbor(settled));
  }
  const [endBytes, digest] = last;
  if (head === undefined || endBytes === undefined || digest === undefined) throw malformed('it was cut off');
  const end = read(() => decodeEnd(endBytes));
  hash.update(encodeCbor(endBytes));
  if (!bytesEqual(new Uint8Array(hash.digest()), digest)) throw malformed('its digest is not that of its bytes');
  if (end.height !== head.from + blocks - 4) throw malformed('it does not hold the blocks that its end names');
  return { head, end };
}

/** The items of a file, each a byte string of CBOR; `blocks` leaves out the first and the last two. */
function* itemsIn(path: string, which: 'all' | 'blocks'): Generator<Uint8Array> {
  const file = new ItemFile(path);
  try {
    const ahead: Uint8Array[] = [];
    let isFirst = true;
    for (let item = file.next(); item !== undefined; item = file.next()) {
      if (which === 'all') yield item;
      else if (isFirst) isFirst = false;
      else {
        ahead.push(item);
        const block = ahead.length > 2 ? ahead.shift() : undefined;
        if (block) yield block;
      }
    }
  } finally {
    file.close();
  }
}

/** A file of items, read from its beginning in large pieces. */
class ItemFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #size: number;
  #at = 0;
  /** What was read last, and where it lies. */
  #piece = new Uint8Array();
  #pieceAt = 0;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = attempt(path, () => openSync(path, 'r'));
    this.#size = attempt(path, () => fstatSync(this.#descriptor)).size;
  }

  /** @returns Bytes that stay; `undefined` after the last item. */
  next(): Uint8Array | undefined {
    const at = this.#at;
    if (at === this.#size) return undefined;
    const head = this.#read(at, Math.min(9, this.#size - at));
    const [initial = 0] = head;
    if (initial >> 5 !== 2 || initial > 0x5b) throw malformed(`no item begins at byte ${at}`);
    const headBytes = initial < 0x58 ? 1 : 1 + 2 ** (initial - 0x58);
    let length = initial < 0x58 ? initial & 0x1f : 0;
    for (let i = 1; i < headBytes; i++) length = length * 256 + (head[i] ?? 0);
    const isShortest = headBytes === 1 || length >= (headBytes === 2 ? 24 : 256 ** ((headBytes - 1) / 2));
    if (!isShortest) throw malformed(`the item at byte ${at} is not canonical`);
    if (length > EXPORT_ITEM_BYTES_MAX) throw malformed(`the item at byte ${at} is too long`);
    this.#at = at + headBytes + length;
    if (this.#at > this.#size) throw malformed('it was cut off');
    return this.#read(at + headBytes, length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(at: number, length: number): Uint8Array {
    const inPiece = at - this.#pieceAt;
    if (inPiece >= 0 && inPiece + length <= this.#piece.length) return this.#piece.subarray(inPiece, inPiece + length);
    const piece = new Uint8Array(Math.max(length, PIECE_BYTES));
    const count = attempt(this.#path, () => readSync(this.#descriptor, piece, 0, piece.length, at));
    if (count < length) throw malformed('it was cut off');
    this.#piece = piece.subarray(0, count);
    this.#pieceAt = at;
    return this.#piece.subarray(0, length);
  }
}

function read<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : 'unreadable');
  }
}

function malformed(reason: string): ExportError {
  return new ExportError('EXPORT_MALFORMED', { reason });
}

function attempt<T>(path: string, operate: () => T): T {
  try {
    return operate();
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (isThere) throw new SetupError('FILE_EXISTS', `${path} exists already`, { path }, { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError('FILE_FAILED', `${path}: ${reason}`, { path, reason }, { cause });
  }
}
