import { accountId, fromHex, toHex } from '@varve/encoding';
import { accountKey, coordinationKey, decodeAccount } from '@varve/modules';

/** State key of an account in hexadecimal. @throws {EncodingError} for a text that is no account id. */
export function keyOfAccount(id: string): string {
  return toHex(accountKey(accountId(id)));
}

/** State key of a node of the coordination tree, in hexadecimal. */
export function keyOfNode(path: string): string {
  return toHex(coordinationKey(path));
}

/** An account with its keys in hexadecimal, from the bytes of its state entry. */
export function accountOfEntry(bytes: string): {
  readonly organization: string;
  readonly roles: readonly string[];
  readonly keys: readonly string[];
} {
  const { organization, roles, keys } = decodeAccount(fromHex(bytes));
  return { organization, roles, keys: keys.map(toHex) };
}
