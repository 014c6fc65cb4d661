import { join, resolve } from 'node:path';
import { chainIdOf, type Genesis } from '@varve/ledger';
import { pino } from 'pino';
import { boundMemory } from '../../host/memory.ts';
import type { NodeOptions } from '../../host/node.ts';
import { surviveStrayErrors } from '../../host/stray-errors.ts';
import { SetupError } from '../../setup/errors.ts';
import { readText } from '../../setup/files.ts';
import { readGenesisFile } from '../../setup/genesis-file.ts';
import { demandSeed, openKeys, readPublicParts } from '../../setup/key-material.ts';
import {
  GENESIS_FILE,
  type NodeConfiguration,
  readNodeConfiguration,
  resolvePeers,
} from '../../setup/node-configuration.ts';
import { isOnOwnThread, type SignatureMode, type SignatureThread } from '../../setup/signature-mode.ts';
import type { Action, Options } from '../command.ts';
import { CliError, failureOf } from '../failure.ts';
import { endReason } from '../lifetime.ts';
import { httpOption, peersOption, warnOpenApi } from './node-init.ts';

/** Name of the log in a data directory: a JSON object a line. */
const LOG_FILE = 'node.log';

/** `node start`. */
export const startNodeCommand: Action = async (context, _args, options) => {
  const { printer } = context;
  const dataDirectory = resolve(options.text('data') ?? '');
  const configuration = configurationOf(dataDirectory, options);
  const genesis = readGenesisFile(join(dataDirectory, GENESIS_FILE));
  const nodeOptions = await nodeOptionsOf(dataDirectory, configuration, genesis, options);
  warnOpenApi(context, nodeOptions.http, nodeOptions.http?.token);
  const log = openLog(dataDirectory, options.text('logLevel') ?? 'info');
  boundMemory();
  surviveStrayErrors(log);
  const { startNode } = await import('../../host/node.ts');
  const end = endReason(context.environment);
  const node = await startNode({ ...nodeOptions, logger: log, onProgress: (text) => printer.progress(text) }).catch(
    (error: unknown) => {
      const { code, message } = failureOf(error);
      // What has a code needs no stack.
      log.fatal(code === 'INTERNAL' ? { code, err: error } : { code, detail: message }, 'the node did not start');
      throw error;
    },
  );
  const { validators } = genesis.configuration;
  const name = validators.find(({ networkKey }) => networkKey === configuration.networkKey)?.name ?? 'observer';
  const ready = {
    name,
    chainId: chainIdOf(genesis),
    httpUrl: node.httpUrl,
    addresses: node.addresses,
    pid: process.pid,
  };
  printer.result(ready, `ready: ${name} ${node.httpUrl ?? ''} ${node.addresses.join(' ')}`);
  const reason = await Promise.race([end.asked, node.closed.then((closed) => ({ kind: 'closed', closed }) as const)]);
  if (reason.kind === 'closed') return halted(reason.closed);
  printer.talk(`${reason.why}: stopping`);
  await end.within(node.stop());
  return undefined;
};

function halted(closed: { readonly code: string; readonly detail: string } | undefined): undefined {
  if (closed === undefined) return undefined;
  throw new CliError(closed.code, closed.detail, { exitCode: 1 });
}

/** The configuration with flags and environment in front of it. */
function configurationOf(dataDirectory: string, options: Options): NodeConfiguration {
  const file = readNodeConfiguration(dataDirectory);
  const [key, passphrase, token] = ['key', 'passphraseFile', 'httpTokenFile'].map((name) => options.text(name));
  const listen = options.list('listen');
  const peers = peersOption(options);
  const http = options.text('http');
  return {
    ...file,
    role: options.flag('observer') ? 'observer' : file.role,
    keyFile: key === undefined ? file.keyFile : resolve(key),
    passphraseFile: passphrase === undefined ? file.passphraseFile : resolve(passphrase),
    httpTokenFile: token === undefined ? file.httpTokenFile : resolve(token),
    listen: listen.length > 0 ? listen : file.listen,
    http: http === undefined ? file.http : httpOption(http),
    signatures: (options.text('signatures') as SignatureMode | undefined) ?? file.signatures,
    signatureThread: (options.text('signatureThread') as SignatureThread | undefined) ?? file.signatureThread,
    // Flags add to the file, and come first for a peer that stands in both.
    peers: [...peers, ...file.peers.filter(({ node }) => !peers.some((peer) => peer.node === node))],
  };
}

async function nodeOptionsOf(
  dataDirectory: string,
  configuration: NodeConfiguration,
  genesis: Genesis,
  options: Options,
): Promise<Omit<NodeOptions, 'logger'>> {
  const { keyFile, http } = configuration;
  const found = readPublicParts(keyFile).networkKey;
  if (found !== configuration.networkKey) {
    const expected = configuration.networkKey;
    const message = `${keyFile} is not the key of ${dataDirectory}, whose network key is ${expected}`;
    throw new SetupError('KEY_MISMATCH', message, { path: keyFile, expected, found: found ?? 'none' });
  }
  const keys = await openKeys(keyFile, configuration.passphraseFile);
  const token = configuration.httpTokenFile && readText(configuration.httpTokenFile).split(/\r?\n/, 1)[0];
  return {
    dataDirectory,
    keys: {
      networkSeed: demandSeed(keys, 'network', keyFile),
      signingSeed: configuration.role === 'observer' ? undefined : demandSeed(keys, 'signing', keyFile),
    },
    genesis,
    listen: configuration.listen,
    peers: resolvePeers(configuration.peers, genesis).filter(
      ({ networkKey }) => networkKey !== configuration.networkKey,
    ),
    http: http && { ...http, ...(token && { token }) },
    rebuild: options.flag('rebuild'),
    signatures: configuration.signatures,
    isSignatureThread: isOnOwnThread(configuration.signatureThread),
  };
}

function openLog(dataDirectory: string, level: string): NodeOptions['logger'] {
  // Synchronous: the last lines before an end are those that matter, and in calm times there are few.
  return pino(
    { level, base: null },
    pino.destination({ dest: join(dataDirectory, LOG_FILE), append: true, sync: true }),
  );
}
