import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolName } from '@varve/consensus';
import { SCRYPT_N_MIN } from '@varve/crypto/files';
import { nodeId } from '@varve/encoding';
import { CONFIGURATION_PARENT_NONE, chainIdOf, type Genesis, PARAMETERS_DEFAULT } from '@varve/ledger';
import { makeFolder, readTextIfThere, writeWhole } from './files.ts';
import { genesisJson } from './genesis-file.ts';
import { initializeNode } from './initialize-node.ts';
import { createKeyFile, type PublicParts, randomPassphrase } from './key-material.ts';
import { type NodeConfiguration, readNodeConfiguration, writeNodeConfiguration } from './node-configuration.ts';

/** A validator of a devnet. */
export interface DevnetValidator {
  readonly name: string;
  /** Of the process that was started last; 0 before the first start. */
  readonly pid: number;
  readonly httpUrl: string;
  /** libp2p multiaddr. */
  readonly address: string;
  readonly dataDirectory: string;
}

/** An account that a devnet starts with. */
export interface DevnetAccount {
  readonly name: string;
  readonly organization: string;
  readonly accountId: string;
  readonly publicKey: string;
  readonly roles: readonly string[];
  readonly keyFile: string;
}

/** `devnet.json`. */
export interface Devnet {
  readonly chainId: string;
  readonly protocol: string;
  readonly genesisFile: string;
  /** Encrypts every key of this network. */
  readonly passphraseFile: string;
  readonly validators: readonly DevnetValidator[];
  readonly accounts: readonly DevnetAccount[];
}

/** Ports of one validator. */
export interface PortPair {
  readonly http: number;
  readonly network: number;
}

const DEVNET_FILE = 'devnet.json';
const ROLES = ['admin', 'client'] as const;
const HOST = '127.0.0.1';
/** No devnet has more validators. */
const LEFTOVERS_MAX = 32;

/** The network in a folder, or `undefined` where none was created. */
export function readDevnet(directory: string): Devnet | undefined {
  const text = readTextIfThere(join(directory, DEVNET_FILE));
  return text === undefined ? undefined : (JSON.parse(text) as Devnet);
}

/** Writes `devnet.json`. */
export function writeDevnet(directory: string, devnet: Devnet): void {
  writeWhole(join(directory, DEVNET_FILE), `${JSON.stringify(devnet, undefined, 2)}\n`, { replace: true });
}

/**
 * Creates a network: one organization, one validator and one account each, one passphrase for all keys. `devnet.json`
 * is written last: without it a folder is no network.
 * @param time - Of the genesis document, milliseconds; the chain's time cannot be earlier.
 */
export async function createDevnet(
  directory: string,
  protocol: ProtocolName,
  ports: readonly PortPair[],
  onProgress: (text: string) => void,
  time: number = Date.now(),
): Promise<Devnet> {
  makeFolder(directory, 0o700);
  const marker = join(directory, 'devnet.creating');
  if (existsSync(marker)) clearLeftovers(directory, LEFTOVERS_MAX);
  writeWhole(marker, '', { replace: true });
  const passphraseFile = join(directory, 'passphrase');
  const passphrase = randomPassphrase();
  writeWhole(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  const members = ports.map((_pair, index) => createMember(directory, index + 1, passphrase));
  const genesis = genesisOf(protocol, members, time);
  const genesisFile = join(directory, 'genesis.json');
  writeWhole(genesisFile, genesisJson(genesis), { replace: true });
  const chainId = chainIdOf(genesis);
  const accounts = members.map(({ account }) => account);
  const validators = members.map(({ name, dataDirectory }) => ({
    name,
    pid: 0,
    httpUrl: '',
    address: '',
    dataDirectory,
  }));
  const devnet = withPorts({ chainId, protocol, genesisFile, passphraseFile, validators, accounts }, ports);
  for (const [index, validator] of devnet.validators.entries()) {
    onProgress(`creating ${validator.name}`);
    const { dataDirectory } = validator;
    const addresses = addressesOf(devnet, index);
    const keyFile = join(dataDirectory, 'key.json');
    const own = { role: 'validator', keyFile, passphraseFile, httpTokenFile: undefined } as const;
    await initializeNode({ dataDirectory, genesis, ...own, ...addresses });
  }
  writeDevnet(directory, devnet);
  rmSync(marker);
  return devnet;
}

/** The network with other ports, also in the configurations of its nodes. */
export function movePorts(directory: string, devnet: Devnet, ports: readonly PortPair[]): Devnet {
  const moved = withPorts(devnet, ports);
  for (const [index, { dataDirectory }] of moved.validators.entries()) {
    const configuration = { ...readNodeConfiguration(dataDirectory), ...addressesOf(moved, index) };
    writeNodeConfiguration(dataDirectory, configuration, true);
  }
  writeDevnet(directory, moved);
  return moved;
}

/** The ports that a network uses now. */
export function portsOf(devnet: Devnet): readonly PortPair[] {
  return devnet.validators.map(({ httpUrl, address }) => ({
    http: Number(new URL(httpUrl).port),
    network: Number(address.split('/').at(-1)),
  }));
}

function withPorts(devnet: Devnet, ports: readonly PortPair[]): Devnet {
  const validators = devnet.validators.map((validator, index) => {
    const { http, network } = ports[index] ?? { http: 0, network: 0 };
    return { ...validator, httpUrl: `http://${HOST}:${http}`, address: `/ip4/${HOST}/tcp/${network}` };
  });
  return { ...devnet, validators };
}

/** What validator `index` listens on, and whom it knows. */
function addressesOf(devnet: Devnet, index: number): Pick<NodeConfiguration, 'listen' | 'http' | 'peers'> {
  const own = devnet.validators[index];
  const port = portsOf(devnet)[index]?.http ?? 0;
  const others = devnet.validators.filter((validator) => validator !== own);
  return {
    listen: own ? [own.address] : [],
    http: { host: HOST, port },
    peers: others.map(({ name, address }) => ({ node: name, address })),
  };
}

interface Member {
  readonly name: string;
  readonly organization: string;
  readonly dataDirectory: string;
  readonly keys: PublicParts;
  readonly account: DevnetAccount;
}

function createMember(directory: string, number: number, passphrase: string): Member {
  const name = `validator-${number}`;
  const organization = `org${number}`;
  const dataDirectory = join(directory, name);
  makeFolder(dataDirectory, 0o700);
  // The passphrase lies beside the keys: a dearer derivation would protect nothing.
  const options = { organization, scryptN: SCRYPT_N_MIN };
  const keys = createKeyFile(join(dataDirectory, 'key.json'), 'validator', passphrase, { ...options, name });
  const keyFile = join(directory, `${organization}.key.json`);
  const { accountId = '', accountKey = '' } = createKeyFile(keyFile, 'account', passphrase, options);
  const account = { name: organization, organization, accountId, publicKey: accountKey, roles: ROLES, keyFile };
  return { name, organization, dataDirectory, keys, account };
}

function genesisOf(protocol: ProtocolName, members: readonly Member[], time: number): Genesis {
  const ascending = <T>(list: readonly T[], key: (item: T) => string): readonly T[] =>
    [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const validators = members.flatMap(({ name, organization, keys: { signingKey, networkKey } }) =>
    signingKey && networkKey ? [{ name: nodeId(name), organization, signingKey, networkKey }] : [],
  );
  const accounts = members.flatMap(({ organization, account }) => ({
    publicKey: account.publicKey as Genesis['accounts'][number]['publicKey'],
    organization,
    roles: ROLES,
  }));
  return {
    title: 'Varve devnet',
    time,
    configuration: {
      number: 0,
      parentHash: CONFIGURATION_PARENT_NONE,
      protocol,
      validators: ascending(validators, ({ name }) => name),
      parameters: PARAMETERS_DEFAULT,
    },
    organizations: ascending(
      members.map(({ organization }, index) => ({ name: organization, title: `Organization ${index + 1}` })),
      ({ name }) => name,
    ),
    accounts: ascending(accounts, ({ publicKey }) => publicKey),
  };
}

/** Removes what a creation that was cut short left, and nothing else: the marker says that it was ours. */
function clearLeftovers(directory: string, count: number): void {
  const names = ['passphrase', 'genesis.json'];
  for (let number = 1; number <= count; number++) names.push(`validator-${number}`, `org${number}.key.json`);
  for (const name of names) rmSync(join(directory, name), { recursive: true, force: true });
}
