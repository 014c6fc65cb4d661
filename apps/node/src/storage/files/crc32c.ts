/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected. */
const POLYNOMIAL = 0x82f63b78;
/** LevelDB adds this to checksums that it stores (`util/crc32c.h`, `Mask`). */
const MASK_DELTA = 0xa282ead8;

/** Eight tables, for eight bytes a step. */
const TABLES: readonly Uint32Array[] = makeTables();

function makeTables(): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  const [first] = tables as [Uint32Array];
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = at(tables, k - 1, byte);
      (tables[k] as Uint32Array)[byte] = (before >>> 8) ^ at(tables, 0, before & 0xff);
    }
  }
  return tables;
}

function at(tables: readonly Uint32Array[], table: number, byte: number): number {
  return tables[table]?.[byte] ?? 0;
}

/** CRC-32C of `bytes`, an unsigned integer of 32 bits. */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const of = (table: Uint32Array, byte: number | undefined): number => table[(byte ?? 0) & 0xff] ?? 0;
  let crc = 0xffffffff;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low =
      crc ^ ((bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24));
    crc =
      of(t7, low) ^
      of(t6, low >>> 8) ^
      of(t5, low >>> 16) ^
      of(t4, low >>> 24) ^
      of(t3, bytes[i + 4]) ^
      of(t2, bytes[i + 5]) ^
      of(t1, bytes[i + 6]) ^
      of(t0, bytes[i + 7]);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ of(t0, crc ^ (bytes[i] ?? 0));
  return ~crc >>> 0;
}

/** The checksum as LevelDB stores it. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
