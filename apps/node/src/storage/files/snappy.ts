/** The largest block that is unpacked: LevelDB's are some KiB, and nothing else decides what a damaged length asks for. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Unpacks a Snappy block.
 * @returns `undefined` for bytes that are none.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unpackSnappy(bytes: Uint8Array): Uint8Array | undefined {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 28) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length > UNPACKED_BYTES_MAX) return undefined;
  const out = new Uint8Array(length);
  let done = 0;
  while (at < bytes.length) {
    const tag = bytes[at++] ?? 0;
    const kind = tag & 3;
    if (kind === 0) {
      let size = tag >> 2;
      if (size >= 60) {
        const extra = size - 59;
        size = 0;
        for (let i = 0; i < extra; i++) size += (bytes[at + i] ?? 0) * 256 ** i;
        at += extra;
      }
      size += 1;
      if (at + size > bytes.length || done + size > length) return undefined;
      out.set(bytes.subarray(at, at + size), done);
      at += size;
      done += size;
      continue;
    }
    const size = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offsetBytes = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    let offset = kind === 1 ? (tag >> 5) * 256 : 0;
    for (let i = 0; i < offsetBytes; i++) offset += (bytes[at + i] ?? 0) * 256 ** i;
    at += offsetBytes;
    if (offset === 0 || offset > done || done + size > length) return undefined;
    // What is copied may overlap what is being written.
    for (let i = 0; i < size; i++) out[done + i] = out[done + i - offset] ?? 0;
    done += size;
  }
  return done === length ? out : undefined;
}
