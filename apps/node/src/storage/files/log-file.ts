import { maskedCrc32c } from './crc32c.ts';

/** The log and the manifest of LevelDB: `doc/log_format.md`. */
const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4] as const;

/** What a log file holds. */
export interface LogContent {
  /** Whole records, in order. */
  readonly records: readonly Uint8Array[];
  /** Offset of the first damage. */
  readonly damagedAt: number | undefined;
}

/**
 * Reads a log file. A record that ends with the file before it is whole was being written when the process ended: it
 * was never acknowledged, so that is no damage.
 */
export function readLogFile(bytes: Uint8Array): LogContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let damagedAt: number | undefined;
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left;
      continue;
    }
    const length = view.getUint16(at + 4, true);
    const type = bytes[at + 6] ?? 0;
    const end = at + HEADER_BYTES + length;
    if (end > bytes.length || HEADER_BYTES + length > left) {
      if (!isUnfinished(bytes, at, left)) damagedAt ??= at;
      break;
    }
    if (view.getUint32(at, true) !== maskedCrc32c(bytes.subarray(at + 6, end)) || type < FULL || type > LAST) {
      damagedAt ??= at;
      parts = [];
      at = end;
      continue;
    }
    const data = bytes.subarray(at + HEADER_BYTES, end);
    if (type === FULL || type === FIRST) {
      if (parts.length > 0) damagedAt ??= at;
      parts = [];
    } else if (parts.length === 0) damagedAt ??= at;
    parts.push(data);
    if (type === FULL || type === LAST) {
      records.push(Buffer.concat(parts));
      parts = [];
    } else if (type === MIDDLE && parts.length === 1) parts = [];
    at = end;
  }
  return { records, damagedAt };
}

/** Whether the record at `at` was cut off by the end of the file, rather than its length changed. */
function isUnfinished(bytes: Uint8Array, at: number, left: number): boolean {
  if (at + left < bytes.length) return false;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  // If what is there is whole, only its length can be wrong.
  return stored !== maskedCrc32c(bytes.subarray(at + 6));
}
