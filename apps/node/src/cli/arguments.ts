import { isHex } from '@varve/encoding';
import { NAME_PATTERN } from '@varve/ledger';
import { isNodePath } from '@varve/modules';
import { usage } from './failure.ts';

const HASH_BYTES = 32;

/** A transaction id. */
export function transactionArgument(text: string): string {
  if (isHex(text, HASH_BYTES)) return text;
  throw usage(`"${text}" is not a transaction id`, 'a transaction id has 64 hexadecimal digits, in lower case');
}

/** A block by its height, its hash, `latest` or `final`. */
export function blockArgument(text: string): number | string {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (text === 'latest' || text === 'final' || isHex(text, HASH_BYTES)) return text;
  throw usage(`"${text}" is not a block`, 'use a height, a hash of 64 hexadecimal digits, latest or final');
}

/** The name of an asset. */
export function assetArgument(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw usage(`"${text}" is not a name of an asset`, 'names have 1 to 32 of a-z, 0-9 and -');
}

/**
 * The path of a node of the coordination module.
 * @param isPrefix - Digits will follow, so that it may end with `/`.
 */
export function pathArgument(text: string, isPrefix = false): string {
  if (isNodePath(isPrefix ? `${text}0` : text)) return text;
  throw usage(`"${text}" is not a path`, 'write /a/b: it starts with /, and no part is empty, . or ..');
}
