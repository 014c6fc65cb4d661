import { toHex } from '@varve/encoding';
import { decode, decodeFirst, encode, rfc8949EncodeOptions } from 'cborg';
import type { TransactionBody } from '../src/index.ts';

/**
 * What a transaction's bytes say, by cborg and the words of FORMATS: slow, and none of our own decoders. `undefined` for bytes that
 * are no transaction.
 */
export function slowBody(bytes: Uint8Array): TransactionBody | undefined {
  const start = toHex(bytes.subarray(0, 10));
  if (start !== 'd2845826a20127045820' || bytes[42] !== 0xa0 || bytes.length > 1024 * 1024) return undefined;
  let body: unknown;
  try {
    const [bodyBytes, rest] = decodeFirst(bytes.subarray(43));
    if (toHex(rest.subarray(0, 2)) !== '5840' || rest.length !== 66) return undefined;
    if (!isCanonical(bodyBytes, bytes.subarray(43, bytes.length - 66)) || !(bodyBytes instanceof Uint8Array))
      return undefined;
    body = decode(bodyBytes);
    if (!isOfProfile(body, 0) || !isCanonical(body, bodyBytes)) return undefined;
  } catch {
    return undefined;
  }
  return bodyOf(body);
}

function bodyOf(body: unknown): TransactionBody | undefined {
  if (!isArray(body, 6)) return undefined;
  const [version, chain, account, nonce, validUntil, operations] = body;
  if (version !== 1 || !isBytes(chain, 32) || !isBytes(account, 32) || !isBytes(nonce, 16)) return undefined;
  if (typeof validUntil !== 'number' || !isArray(operations)) return undefined;
  if (operations.length === 0 || operations.length > 1024 || !operations.every(isOperation)) return undefined;
  return {
    chainId: toHex(chain) as TransactionBody['chainId'],
    account: toHex(account) as TransactionBody['account'],
    nonce,
    validUntil,
    operations: operations.map((one) => {
      const [module, method, args] = one as [string, string, []];
      return { module, method, arguments: args };
    }),
  };
}

function isOperation(one: unknown): boolean {
  return isArray(one, 3) && isName(one[0]) && isName(one[1]) && isArray(one[2]);
}

function isName(one: unknown): boolean {
  return typeof one === 'string' && /^[a-z][a-z0-9.-]{0,31}$/.test(one);
}

function isArray(one: unknown, length?: number): one is unknown[] {
  return Array.isArray(one) && (length === undefined || one.length === length);
}

function isBytes(one: unknown, length: number): one is Uint8Array {
  return one instanceof Uint8Array && one.length === length;
}

/** FORMATS, Values: `depth` counts the arrays around `one`. */
function isOfProfile(one: unknown, depth: number): boolean {
  if (Array.isArray(one)) return depth < 8 && one.every((item) => isOfProfile(item, depth + 1));
  if (typeof one === 'number') return Number.isSafeInteger(one) && one >= 0;
  return one === null || typeof one === 'boolean' || typeof one === 'string' || one instanceof Uint8Array;
}

/** Whether `bytes` are the only ones for `value`: no longer forms, no floats, no bad UTF-8 that was mended. */
function isCanonical(value: unknown, bytes: Uint8Array): boolean {
  return toHex(encode(value, rfc8949EncodeOptions)) === toHex(bytes);
}
