import { OperationFailed } from '@varve/ledger';

/** The most bytes of an amount. */
export const AMOUNT_BYTES_MAX = 16;
/** The greatest amount: 2^128 − 1 of the smallest unit. */
export const AMOUNT_MAX: bigint = (1n << BigInt(8 * AMOUNT_BYTES_MAX)) - 1n;

/**
 * FORMATS `amount`: big-endian, 1 to 16 bytes, no leading zero byte but for zero itself, which is `00`.
 * @throws {OperationFailed} `AMOUNT_TOO_LARGE` above `AMOUNT_MAX`, `AMOUNT_MALFORMED` below zero.
 */
export function encodeAmount(amount: bigint): Uint8Array {
  if (amount < 0n) throw new OperationFailed('AMOUNT_MALFORMED', 'an amount is not negative');
  if (amount > AMOUNT_MAX) throw new OperationFailed('AMOUNT_TOO_LARGE', `above ${AMOUNT_MAX}`);
  const bytes: number[] = [];
  for (let rest = amount; rest > 0n || bytes.length === 0; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  return Uint8Array.from(bytes.reverse());
}

/** @throws {OperationFailed} `AMOUNT_MALFORMED` for anything but what `encodeAmount` makes. */
export function decodeAmount(bytes: Uint8Array): bigint {
  if (bytes.length < 1 || bytes.length > AMOUNT_BYTES_MAX || (bytes.length > 1 && bytes[0] === 0)) {
    throw new OperationFailed('AMOUNT_MALFORMED', `not 1 to ${AMOUNT_BYTES_MAX} bytes without leading zeros`);
  }
  let amount = 0n;
  for (const byte of bytes) amount = (amount << 8n) | BigInt(byte);
  return amount;
}
