import { isRegistrableKey } from '@varve/crypto';
import { type AccountId, bytesEqual, type CborValue, encodeCbor, fromHex, toHex } from '@varve/encoding';
import type { Genesis } from '@varve/ledger';
import {
  type AccountDirectory,
  type OperationContext,
  OperationFailed,
  ROLES,
  type Role,
  type Sender,
  type StateEntry,
  type StateReader,
} from '@varve/ledger';
import type { GenesisEntry, GenesisModule } from '@varve/ledger/chain';
import { requireRole } from './access.ts';
import {
  ACCOUNT_KEYS_MAX,
  type Account,
  accountIdOf,
  accountKey,
  decodeAccount,
  decodeNode,
  encodeAccount,
  encodeNode,
  nodeKey,
  organizationKey,
  ownerKey,
  type RegisteredNode,
} from './accounts-state.ts';
import { Arguments } from './arguments.ts';

const MODULE = 'accounts';

/**
 * Who may sign what: organizations, accounts with roles and keys, and nodes that may connect.
 * A public key belongs to one account for ever, also after it is removed; an account's id is the hash of its first key.
 */
export const accounts: GenesisModule = {
  name: MODULE,
  methods: ['create', 'set-roles', 'add-key', 'remove-key', 'register-node', 'revoke-node'],

  genesis(genesis: Genesis): readonly GenesisEntry[] {
    return [
      ...genesis.organizations.map((organization) => ({
        module: MODULE,
        key: organizationKey(organization.name),
        bytes: encodeCbor([organization.title]),
      })),
      ...genesis.accounts.flatMap(({ publicKey, organization, roles }) => {
        const key = fromHex(publicKey);
        const account = accountIdOf(key);
        return [
          { module: MODULE, key: accountKey(account), bytes: encodeAccount({ organization, roles, keys: [key] }) },
          { module: MODULE, key: ownerKey(key), bytes: fromHex(account) },
        ];
      }),
    ];
  },

  execute(method: string, args: readonly CborValue[], context: OperationContext): CborValue {
    const reader = new Arguments(args);
    switch (method) {
      case 'create':
        return create(reader, context);
      case 'set-roles':
        return setRoles(reader, context);
      case 'add-key':
        return addKey(reader, context);
      case 'remove-key':
        return removeKey(reader, context);
      case 'register-node':
        return registerNode(reader, context);
      case 'revoke-node':
        return revokeNode(reader, context);
      default:
        throw new OperationFailed('OPERATION_UNKNOWN');
    }
  },
};

/** Finds senders in the state of `accounts`. */
export const accountDirectory: AccountDirectory = {
  module: MODULE,

  sender(state: StateReader, id: AccountId, publicKey: Uint8Array): Sender | undefined {
    const entry = state.get(MODULE, accountKey(id));
    if (entry === undefined) return undefined;
    let holder = holders.get(entry);
    if (holder === undefined) {
      const { organization, roles, keys } = decodeAccount(entry.bytes);
      holder = { sender: { account: id, organization, roles }, keys };
      holders.set(entry, holder);
    }
    return holder.keys.some((key) => bytesEqual(key, publicKey)) ? holder.sender : undefined;
  },
};

/** What an entry of the state says of an account; entries do not change. */
interface Holder {
  readonly sender: Sender;
  readonly keys: readonly Uint8Array[];
}

/** Decoded once for each entry: every transaction asks for its sender. */
const holders = new WeakMap<StateEntry, Holder>();

/** An account as it stands in `state`. */
export function accountIn(state: StateReader, id: AccountId): Account | undefined {
  const entry = state.get(MODULE, accountKey(id));
  return entry && decodeAccount(entry.bytes);
}

/** A registered node as it stands in `state`. */
export function nodeIn(state: StateReader, networkKey: Uint8Array): RegisteredNode | undefined {
  const entry = state.get(MODULE, nodeKey(networkKey));
  return entry && decodeNode(entry.bytes);
}

/** `create(publicKey, [* role])`: a new account of the sender's organization; returns its id. */
function create(reader: Arguments, context: OperationContext): CborValue {
  const publicKey = reader.bytes(32);
  const roles = readRoles(reader.list());
  reader.end();
  const { organization } = requireRole(context, 'admin');
  claimKey(context, publicKey, accountIdOf(publicKey));
  const id = accountIdOf(publicKey);
  context.set(accountKey(id), encodeAccount({ organization, roles, keys: [publicKey] }));
  context.emit('account-created', [fromHex(id), organization, roles]);
  return fromHex(id);
}

/** `set-roles(account, [* role])`, by an admin of the account's organization. */
function setRoles(reader: Arguments, context: OperationContext): CborValue {
  const id = readAccountId(reader);
  const roles = readRoles(reader.list());
  reader.end();
  const account = ownAccount(context, id, requireRole(context, 'admin'));
  if (context.sender?.account === id && !roles.includes('admin')) {
    throw new OperationFailed('ADMIN_SELF_REMOVAL', 'an admin cannot drop the own admin role');
  }
  context.set(accountKey(id), encodeAccount({ ...account, roles }));
  context.emit('roles-set', [fromHex(id), roles]);
  return null;
}

/** `add-key(account, publicKey)`, by the account itself or an admin of its organization; the old keys stay active. */
function addKey(reader: Arguments, context: OperationContext): CborValue {
  const id = readAccountId(reader);
  const publicKey = reader.bytes(32);
  reader.end();
  const account = ownAccount(context, id, selfOrAdmin(context, id));
  if (account.keys.length >= ACCOUNT_KEYS_MAX) throw new OperationFailed('KEYS_TOO_MANY');
  claimKey(context, publicKey, id);
  context.set(accountKey(id), encodeAccount({ ...account, keys: [...account.keys, publicKey] }));
  context.emit('key-added', [fromHex(id), publicKey]);
  return null;
}

/** `remove-key(account, publicKey)`, by the account itself or an admin of its organization; never the last one. */
function removeKey(reader: Arguments, context: OperationContext): CborValue {
  const id = readAccountId(reader);
  const publicKey = reader.bytes(32);
  reader.end();
  const account = ownAccount(context, id, selfOrAdmin(context, id));
  const keys = account.keys.filter((key) => !bytesEqual(key, publicKey));
  if (keys.length === account.keys.length) throw new OperationFailed('KEY_UNKNOWN');
  if (keys.length === 0) throw new OperationFailed('KEY_LAST', 'an account keeps at least one key');
  context.set(accountKey(id), encodeAccount({ ...account, keys }));
  context.emit('key-removed', [fromHex(id), publicKey]);
  return null;
}

/** `register-node(networkKey, name)`, by an admin: a peer with that key may connect and follow. */
function registerNode(reader: Arguments, context: OperationContext): CborValue {
  const networkKey = reader.bytes(32);
  const name = reader.name();
  reader.end();
  const { organization } = requireRole(context, 'admin');
  if (!isRegistrableKey(networkKey)) throw new OperationFailed('KEY_UNFIT');
  const known = nodeIn(context.state, networkKey);
  if (known && (!known.revoked || known.organization !== organization)) throw new OperationFailed('NODE_KNOWN');
  context.set(nodeKey(networkKey), encodeNode({ name, organization, revoked: false }));
  context.emit('node-registered', [networkKey, name, organization]);
  return null;
}

/** `revoke-node(networkKey)`, by an admin of the organization that registered it. */
function revokeNode(reader: Arguments, context: OperationContext): CborValue {
  const networkKey = reader.bytes(32);
  reader.end();
  const { organization } = requireRole(context, 'admin');
  const known = nodeIn(context.state, networkKey);
  if (known === undefined || known.revoked) throw new OperationFailed('NODE_UNKNOWN');
  if (known.organization !== organization) throw new OperationFailed('ORGANIZATION_FOREIGN');
  context.set(nodeKey(networkKey), encodeNode({ ...known, revoked: true }));
  context.emit('node-revoked', [networkKey]);
  return null;
}

function selfOrAdmin(context: OperationContext, id: AccountId): Sender {
  const { sender } = context;
  return sender?.account === id ? sender : requireRole(context, 'admin');
}

/** The account, which must be of the sender's organization. */
function ownAccount(context: OperationContext, id: AccountId, sender: Sender): Account {
  const account = accountIn(context.state, id);
  if (account === undefined) throw new OperationFailed('ACCOUNT_UNKNOWN');
  if (account.organization !== sender.organization) throw new OperationFailed('ORGANIZATION_FOREIGN');
  return account;
}

/** Gives `publicKey` to `owner`, unless it was ever anybody's, or is no sound key. */
function claimKey(context: OperationContext, publicKey: Uint8Array, owner: AccountId): void {
  if (context.get(ownerKey(publicKey)) !== undefined) throw new OperationFailed('KEY_TAKEN');
  if (!isRegistrableKey(publicKey)) throw new OperationFailed('KEY_UNFIT');
  context.set(ownerKey(publicKey), fromHex(owner));
}

function readAccountId(reader: Arguments): AccountId {
  return toHex(reader.bytes(32)) as AccountId;
}

function readRoles(values: readonly CborValue[]): readonly Role[] {
  const roles = values.map((value) => {
    const role = ROLES.find((known) => known === value);
    if (role === undefined) throw new OperationFailed('ARGUMENTS_MALFORMED', 'an unknown role');
    return role;
  });
  if (new Set(roles).size !== roles.length) throw new OperationFailed('ARGUMENTS_MALFORMED', 'a role occurs twice');
  return roles;
}
