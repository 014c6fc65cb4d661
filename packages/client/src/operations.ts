import { type AccountId, fromHex, isHex, utf8Encode } from '@varve/encoding';
import type { Operation, Role } from '@varve/ledger';
import { VarveError } from './errors.ts';

/** Bytes, or text that stands for its UTF-8. */
export type Value = Uint8Array | string;

/** The greatest amount: 16 bytes. */
const AMOUNT_MAX = (1n << 128n) - 1n;

function operation(module: string, method: string, ...args: Operation['arguments']): Operation {
  return { module, method, arguments: args };
}

function bytesOf(value: Value): Uint8Array {
  return typeof value === 'string' ? utf8Encode(value) : value;
}

/** 32 bytes, given as such or in hex. */
function key(value: Uint8Array | string, what: string): Uint8Array {
  if (value instanceof Uint8Array && value.length === 32) return value;
  if (typeof value === 'string' && isHex(value, 32)) return fromHex(value);
  throw new VarveError('ARGUMENT_INVALID', { detail: `${what} is not 32 bytes, or 64 digits of lower-case hex` });
}

/** FORMATS `amount`: big-endian, without leading zeros; zero is one zero byte. */
function amountOf(amount: bigint): Uint8Array {
  if (amount < 0n || amount > AMOUNT_MAX) {
    throw new VarveError('ARGUMENT_INVALID', { detail: `an amount is 0 to 2^128 - 1, not ${amount}` });
  }
  const digits = amount.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** A tree of versioned nodes, after ZooKeeper. */
export interface CoordinationOperations {
  /** A node at version 0 below an existing one. */
  create(path: string, value: Value): Operation;
  /** A node whose name ends in the next number of its parent. */
  createSequential(pathPrefix: string, value: Value): Operation;
  /** @param expectedVersion - The version it must have; null or absent: any. */
  set(path: string, value: Value, expectedVersion?: number | null): Operation;
  delete(path: string, expectedVersion?: number | null): Operation;
  /** Changes nothing, and fails the whole transaction unless the node is there with that version. */
  check(path: string, expectedVersion?: number | null): Operation;
}

/** Assets that organizations issue; amounts count the smallest unit. */
export interface AssetOperations {
  define(name: string, title: string, decimals: number): Operation;
  issue(asset: string, toAccount: AccountId | string, amount: bigint): Operation;
  transfer(asset: string, toAccount: AccountId | string, amount: bigint): Operation;
  burn(asset: string, amount: bigint): Operation;
}

/** Accounts and the nodes that may connect. Keys and ids are 32 bytes or hex. */
export interface AccountOperations {
  create(publicKey: Uint8Array | string, roles: readonly Role[]): Operation;
  setRoles(account: AccountId | string, roles: readonly Role[]): Operation;
  addKey(account: AccountId | string, publicKey: Uint8Array | string): Operation;
  removeKey(account: AccountId | string, publicKey: Uint8Array | string): Operation;
  registerNode(networkKey: Uint8Array | string, name: string): Operation;
  revokeNode(networkKey: Uint8Array | string): Operation;
}

/** A validator that wants a seat; keys are hex. */
export interface Candidate {
  readonly name: string;
  readonly organization: string;
  readonly signingKey: string;
  readonly networkKey: string;
}

/** Changes of the configuration. Ids, hashes and proofs are bytes or hex. */
export interface GovernanceOperations {
  /**
   * @param configuration - FORMATS `configuration`, the child of the present one.
   * @param override - Lifts the bound on the seats of one organization.
   */
  propose(configuration: Uint8Array, override?: boolean): Operation;
  vote(proposalId: Uint8Array | string, approve: boolean): Operation;
  withdraw(proposalId: Uint8Array | string): Operation;
  /** @param proof - Signature of FORMATS `ready` by the candidate's signing key, 64 bytes. */
  ready(
    candidate: Candidate,
    rules: number,
    height: number,
    blockHash: Uint8Array | string,
    proof: Uint8Array,
  ): Operation;
}

const coordination: CoordinationOperations = {
  create: (path, value) => operation('coordination', 'create', path, bytesOf(value)),
  createSequential: (prefix, value) => operation('coordination', 'create-sequential', prefix, bytesOf(value)),
  set: (path, value, version = null) => operation('coordination', 'set', path, bytesOf(value), version),
  delete: (path, version = null) => operation('coordination', 'delete', path, version),
  check: (path, version = null) => operation('coordination', 'check', path, version),
};

const assets: AssetOperations = {
  define: (name, title, decimals) => operation('assets', 'define', name, title, decimals),
  issue: (asset, to, amount) => operation('assets', 'issue', asset, key(to, 'the account'), amountOf(amount)),
  transfer: (asset, to, amount) => operation('assets', 'transfer', asset, key(to, 'the account'), amountOf(amount)),
  burn: (asset, amount) => operation('assets', 'burn', asset, amountOf(amount)),
};

const accounts: AccountOperations = {
  create: (publicKey, roles) => operation('accounts', 'create', key(publicKey, 'the public key'), roles),
  setRoles: (account, roles) => operation('accounts', 'set-roles', key(account, 'the account'), roles),
  addKey: (account, publicKey) =>
    operation('accounts', 'add-key', key(account, 'the account'), key(publicKey, 'the public key')),
  removeKey: (account, publicKey) =>
    operation('accounts', 'remove-key', key(account, 'the account'), key(publicKey, 'the public key')),
  registerNode: (networkKey, name) => operation('accounts', 'register-node', key(networkKey, 'the network key'), name),
  revokeNode: (networkKey) => operation('accounts', 'revoke-node', key(networkKey, 'the network key')),
};

const governance: GovernanceOperations = {
  propose: (configuration, override = false) => operation('governance', 'propose', configuration, override),
  vote: (proposal, approve) => operation('governance', 'vote', key(proposal, 'the proposal'), approve),
  withdraw: (proposal) => operation('governance', 'withdraw', key(proposal, 'the proposal')),
  ready: ({ name, organization, signingKey, networkKey }, rules, height, blockHash, proof) => {
    const candidate = [name, organization, key(signingKey, 'the signing key'), key(networkKey, 'the network key')];
    return operation('governance', 'ready', candidate, rules, height, key(blockHash, 'the block'), proof);
  },
};

/** Builders of operations: what a transaction is made of. They only build; `submit` sends. */
export const operations: {
  readonly coordination: CoordinationOperations;
  readonly assets: AssetOperations;
  readonly accounts: AccountOperations;
  readonly governance: GovernanceOperations;
} = { coordination, assets, accounts, governance };
