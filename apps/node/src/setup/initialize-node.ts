import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PublicKeyHex } from '@varve/encoding';
import { chainIdOf, type Genesis } from '@varve/ledger';
import { initializeStore } from '../host/initialize.ts';
import { SetupError } from './errors.ts';
import { makeFolder, writeWhole } from './files.ts';
import { genesisJson } from './genesis-file.ts';
import { readPublicParts } from './key-material.ts';
import {
  CONFIGURATION_FILE,
  GENESIS_FILE,
  type NodeConfiguration,
  resolvePeers,
  writeNodeConfiguration,
} from './node-configuration.ts';

/** What a new node is made of. */
export type NodeSetup = Omit<NodeConfiguration, 'networkKey' | 'signatures' | 'signatureThread'> & {
  readonly dataDirectory: string;
  readonly genesis: Genesis;
};

/** What was made. */
export interface InitializedNode {
  readonly chainId: string;
  /** Absent for an observer. */
  readonly name: string | undefined;
  readonly networkKey: PublicKeyHex;
}

/**
 * Makes a data directory: database, copy of the genesis document, configuration; the configuration last, so that a
 * directory with one is whole.
 * @throws {SetupError} `NODE_INITIALIZED`, `KEY_MISSING`, `KEY_NOT_IN_GENESIS`; `StoreError` of the storage.
 */
export async function initializeNode(setup: NodeSetup): Promise<InitializedNode> {
  const { dataDirectory, genesis, keyFile, role } = setup;
  if (existsSync(join(dataDirectory, CONFIGURATION_FILE)))
    throw new SetupError('NODE_INITIALIZED', `there is a node in ${dataDirectory} already`, { path: dataDirectory });
  const { networkKey, signingKey } = readPublicParts(keyFile);
  if (networkKey === undefined)
    throw new SetupError('KEY_MISSING', `${keyFile} has no network key`, { path: keyFile, role: 'network' });
  const seat = genesis.configuration.validators.find((member) => member.networkKey === networkKey);
  if (role === 'validator') {
    if (signingKey === undefined)
      throw new SetupError('KEY_MISSING', `${keyFile} has no signing key`, { path: keyFile, role: 'signing' });
    if (seat?.signingKey !== signingKey) throw notInGenesis(keyFile, networkKey);
  }
  resolvePeers(setup.peers, genesis);
  makeFolder(dataDirectory, 0o700);
  await initializeStore({ dataDirectory, genesis, networkKey });
  writeWhole(join(dataDirectory, GENESIS_FILE), genesisJson(genesis), { replace: true });
  writeNodeConfiguration(dataDirectory, { ...setup, networkKey, signatures: 'batch', signatureThread: 'auto' });
  return { chainId: chainIdOf(genesis), name: role === 'validator' ? seat?.name : undefined, networkKey };
}

function notInGenesis(path: string, networkKey: string): SetupError {
  const message = `the genesis document has no validator with the keys of ${path}`;
  return new SetupError('KEY_NOT_IN_GENESIS', message, { path, networkKey });
}
