import type { Configuration } from '@varve/consensus';
import { EPOCH_ZERO } from '@varve/consensus';
import { isRegistrableKey } from '@varve/crypto';
import {
  type BlockHash,
  CborReader,
  type CborValue,
  type ChainId,
  encodeCbor,
  fromHex,
  height,
  type PayloadId,
  type PublicKeyHex,
  publicKeyHex,
  toHex,
} from '@varve/encoding';
import { merkleRoot } from '@varve/merkle';
import { configurationHashOf, configurationValue, readConfiguration, readName } from './configuration-codec.ts';
import { LedgerError, readingAs } from './errors.ts';
import { hashOf, ZERO_HASH_HEX } from './hashes.ts';
import { type SealedHeader, sealHeader } from './header.ts';

/** What an account may do. */
export const ROLES = ['admin', 'client', 'reader', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

export interface Organization {
  readonly name: string;
  readonly title: string;
}

/** An account that exists from the start. */
export interface GenesisAccount {
  readonly publicKey: PublicKeyHex;
  readonly organization: string;
  readonly roles: readonly Role[];
}

/** Everything a chain starts from. Its hash is the chain's identity. */
export interface Genesis {
  readonly title: string;
  /** Unix milliseconds: the time of block 0. */
  readonly time: number;
  /** Number 0. */
  readonly configuration: Configuration;
  readonly organizations: readonly Organization[];
  readonly accounts: readonly GenesisAccount[];
}

const ORGANIZATIONS_MAX = 64;
const ACCOUNTS_MAX = 65_536;
const DOMAIN = 'varve/genesis/1';

/** FORMATS `genesis`. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return encodeCbor(genesisValue(genesis));
}

/** SHA-256 of the genesis document's canonical CBOR. */
export function chainIdOf(genesis: Genesis): ChainId {
  return toHex(hashOf(genesisValue(genesis))) as ChainId;
}

function genesisValue(genesis: Genesis): CborValue {
  return [
    DOMAIN,
    genesis.title,
    genesis.time,
    configurationValue(genesis.configuration),
    genesis.organizations.map((organization) => [organization.name, organization.title]),
    genesis.accounts.map((account) => [fromHex(account.publicKey), account.organization, account.roles]),
  ];
}

/**
 * Decodes and checks a genesis document.
 * @throws {LedgerError} `GENESIS_MALFORMED`, `CONFIGURATION_MALFORMED`.
 */
export function decodeGenesis(bytes: Uint8Array): Genesis {
  return readingAs('GENESIS_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(6);
    reader.exactText(DOMAIN);
    const genesis: Genesis = {
      title: reader.text(),
      time: reader.uint(),
      configuration: readConfiguration(reader),
      organizations: reader.list((inner) => {
        inner.array(2);
        return { name: readName(inner), title: inner.text() };
      }, ORGANIZATIONS_MAX),
      accounts: reader.list(readAccount, ACCOUNTS_MAX),
    };
    reader.end();
    checkGenesis(genesis);
    return genesis;
  });
}

/**
 * Checks what the shape alone does not say: distinct names and keys, known organizations.
 * @throws {LedgerError} `GENESIS_MALFORMED` naming the first broken rule.
 */
export function checkGenesis(genesis: Genesis): void {
  const organizations = new Set<string>();
  for (const { name } of genesis.organizations) {
    if (organizations.has(name)) throw malformed(`organization ${name} occurs twice`);
    organizations.add(name);
  }
  if (genesis.configuration.number !== 0) throw malformed('the configuration is not number 0');
  for (const validator of genesis.configuration.validators) {
    if (!organizations.has(validator.organization))
      throw malformed(`validator ${validator.name}: unknown organization`);
  }
  const keys = new Set<string>();
  for (const account of genesis.accounts) {
    if (!organizations.has(account.organization)) throw malformed(`account ${account.publicKey}: unknown organization`);
    if (keys.has(account.publicKey)) throw malformed(`account key ${account.publicKey} occurs twice`);
    keys.add(account.publicKey);
  }
}

/**
 * Checks that every key of the document is sound: canonical, and a point of the prime-order subgroup. Anyone can sign for
 * a key of small order (ZIP 215). Costs about a millisecond a key, so it is for those who make or adopt a document.
 * @throws {LedgerError} `GENESIS_MALFORMED` naming the first unsound key.
 */
export function checkGenesisKeys(genesis: Genesis): void {
  const keys = [
    ...genesis.configuration.validators.flatMap((validator) => [validator.signingKey, validator.networkKey]),
    ...genesis.accounts.map((account) => account.publicKey),
  ];
  for (const key of keys) if (!isRegistrableKey(fromHex(key))) throw malformed(`key ${key} is unsound`);
}

function readAccount(reader: CborReader): GenesisAccount {
  reader.array(3);
  const key = publicKeyHex(toHex(reader.byteString(32)));
  const organization = readName(reader);
  const roles = reader.list((inner: CborReader) => {
    const start = inner.offset;
    const text = inner.text();
    const role = ROLES.find((known) => known === text);
    if (role === undefined) inner.unexpected('a role', start);
    return role;
  }, ROLES.length);
  if (new Set(roles).size !== roles.length) throw malformed('a role occurs twice');
  return { publicKey: key, organization, roles };
}

/** Block 0: derived from the genesis document, and certified by nothing but it. */
export function genesisBlock(genesis: Genesis, stateRoot: Uint8Array): SealedHeader {
  const configuration = configurationHashOf(genesis.configuration);
  const empty = merkleRoot([]);
  return sealHeader({
    chainId: chainIdOf(genesis),
    height: height(0),
    parentHash: ZERO_HASH_HEX as BlockHash,
    index: 0,
    epoch: EPOCH_ZERO,
    time: genesis.time,
    configurationHash: configuration,
    nextConfigurationHash: configuration,
    payloadHash: ZERO_HASH_HEX as PayloadId,
    transactionsRoot: empty,
    transactionCount: 0,
    stateRoot,
    historyRoot: empty,
  });
}

function malformed(reason: string): LedgerError {
  return new LedgerError('GENESIS_MALFORMED', { reason });
}
