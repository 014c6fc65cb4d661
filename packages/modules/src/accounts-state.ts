import { sha256 } from '@varve/crypto';
import { type AccountId, CborReader, concatBytes, encodeCbor, fromHex, toHex, utf8Encode } from '@varve/encoding';
import { ROLES, type Role, readingAs } from '@varve/ledger';

/** An identity that signs transactions. */
export interface Account {
  readonly organization: string;
  readonly roles: readonly Role[];
  /** Active public keys, in the order added. */
  readonly keys: readonly Uint8Array[];
}

/** A peer that follows the chain without voting. */
export interface RegisteredNode {
  readonly name: string;
  readonly organization: string;
  readonly revoked: boolean;
}

/** The most active keys an account may have. */
export const ACCOUNT_KEYS_MAX = 8;

/** Identity of the account whose first key is `publicKey`: its SHA-256. */
export function accountIdOf(publicKey: Uint8Array): AccountId {
  return toHex(sha256(publicKey)) as AccountId;
}

/** Keys that were made not long ago: every transaction asks for its sender's. */
const ACCOUNT_KEYS_KEPT = 4096;
const accountKeys = new Map<AccountId, Uint8Array>();

/** State key of an account, in module `accounts`. Nobody may write to it. */
export function accountKey(account: AccountId): Uint8Array {
  const known = accountKeys.get(account);
  if (known) return known;
  const key = tagged('a', fromHex(account));
  if (accountKeys.size >= ACCOUNT_KEYS_KEPT) accountKeys.clear();
  accountKeys.set(account, key);
  return key;
}

/** State key that says to which account a public key belongs, for ever. */
export function ownerKey(publicKey: Uint8Array): Uint8Array {
  return tagged('k', publicKey);
}

/** State key of an organization. */
export function organizationKey(name: string): Uint8Array {
  return tagged('o', utf8Encode(name));
}

/** State key of a registered node. */
export function nodeKey(networkKey: Uint8Array): Uint8Array {
  return tagged('n', networkKey);
}

function tagged(tag: string, tail: Uint8Array): Uint8Array {
  return concatBytes(utf8Encode(tag), tail);
}

/** State value of an account: CBOR `[organization, [* role], [+ key]]`. */
export function encodeAccount(account: Account): Uint8Array {
  return encodeCbor([account.organization, account.roles, account.keys]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeAccount(bytes: Uint8Array): Account {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    const organization = reader.text();
    const roles = reader.list((inner: CborReader): Role => {
      const start = inner.offset;
      const text = inner.text();
      const role = ROLES.find((known) => known === text);
      if (role === undefined) inner.unexpected('a role', start);
      return role;
    });
    const keys = reader.list((inner) => inner.byteString(32));
    reader.end();
    return { organization, roles, keys };
  });
}

/** State value of a registered node: CBOR `[name, organization, revoked]`. */
export function encodeNode(node: RegisteredNode): Uint8Array {
  return encodeCbor([node.name, node.organization, node.revoked]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeNode(bytes: Uint8Array): RegisteredNode {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    const node = { name: reader.text(), organization: reader.text(), revoked: reader.boolean() };
    reader.end();
    return node;
  });
}
