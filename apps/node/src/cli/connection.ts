import { join, resolve } from 'node:path';
import { type Client, createClient } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { isHex } from '@varve/encoding';
import type { Trust } from '@varve/verify';
import { type Devnet, readDevnet } from '../setup/devnet-folder.ts';
import { SetupError } from '../setup/errors.ts';
import { readText } from '../setup/files.ts';
import { readGenesisFile } from '../setup/genesis-file.ts';
import { demandSeed, openKeys } from '../setup/key-material.ts';
import { GENESIS_FILE, readNodeConfiguration } from '../setup/node-configuration.ts';
import type { Options } from './command.ts';
import { answering } from './devnet/control.ts';
import { CliError, usage } from './failure.ts';
import { trustOf } from './trust.ts';

const DEVNET_DEFAULT = '.varve/devnet';

/** The devnet that `--data` names, or the default one where it exists. */
function devnetOf(options: Options): Devnet | undefined {
  return readDevnet(resolve(options.text('data') ?? DEVNET_DEFAULT));
}

/** What a proof is checked by: what is named, else the genesis document of the folder that was named, if one was. */
export function trustOrOwn(options: Options): Trust | undefined {
  if (options.text('genesis') !== undefined || options.text('checkpoint') !== undefined)
    return trustOf(options, 'checkpoint');
  const data = options.text('data');
  const file = devnetOf(options)?.genesisFile ?? (data === undefined ? undefined : join(resolve(data), GENESIS_FILE));
  return file === undefined ? undefined : { genesis: readGenesisFile(file) };
}

/** A client of the node that the options name, which signs nothing. */
export async function connect(options: Options): Promise<Client> {
  return createClient({ url: await urlOf(options), token: tokenOf(options) });
}

/** A client that signs with the key that the options name. */
export async function connectSigning(options: Options): Promise<Client> {
  const url = await urlOf(options);
  return createClient({ url, token: tokenOf(options), signer: createSigner(await seedOf(options)) });
}

async function urlOf(options: Options): Promise<string> {
  const given = options.text('node');
  if (given !== undefined) return /^https?:\/\//.test(given) ? given : `http://${given}`;
  const devnet = devnetOf(options);
  if (devnet) {
    const validator = (await answering(devnet.validators)) ?? devnet.validators[0];
    if (validator) return validator.httpUrl;
  }
  const data = options.text('data');
  if (data === undefined) throw usage('no node is named', 'add --node URL or --data DIR, or start a devnet here');
  const { http } = nodeConfiguration(data);
  if (http === undefined) throw usage(`the node in ${data} has no HTTP API`, 'add --node URL');
  return `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}`;
}

function nodeConfiguration(data: string): ReturnType<typeof readNodeConfiguration> {
  try {
    return readNodeConfiguration(resolve(data));
  } catch (error) {
    if (!(error instanceof SetupError) || error.code !== 'NODE_UNINITIALIZED') throw error;
    throw new CliError('DEVNET_MISSING', `there is neither a devnet nor a node in ${data}`, { cause: error });
  }
}

function tokenOf(options: Options): string | undefined {
  const file = options.text('tokenFile');
  return file === undefined ? undefined : readText(file).split(/\r?\n/, 1)[0];
}

async function seedOf(options: Options): Promise<Uint8Array> {
  const [file, name] = [options.text('key'), options.text('as')];
  const devnet = devnetOf(options);
  if (file !== undefined) {
    return demandSeed(await openKeys(file, passphraseFileOf(file, options)), 'account', file);
  }
  const account = devnet?.accounts.find((candidate) => name === undefined || candidate.name === name);
  if (account && devnet)
    return demandSeed(await openKeys(account.keyFile, devnet.passphraseFile), 'account', account.keyFile);
  if (devnet) throw usage(`the devnet has no account "${name}"`, devnet.accounts.map((one) => one.name).join(', '));
  throw new CliError('SIGNER_MISSING', 'nobody signs');
}

/** Where the passphrase of a key file is: the keys of a devnet need none from anybody who can read its folder. */
export function passphraseFileOf(file: string, options: Options): string | undefined {
  const devnet = devnetOf(options);
  const own = [
    ...(devnet?.accounts ?? []).map(({ keyFile }) => keyFile),
    ...(devnet?.validators ?? []).map(({ dataDirectory }) => join(dataDirectory, 'key.json')),
  ];
  return options.text('passphraseFile') ?? (own.includes(resolve(file)) ? devnet?.passphraseFile : undefined);
}

/** An account id, also by the name of a devnet's account. */
export function accountArgument(text: string, options: Options): string {
  if (isHex(text, 32)) return text;
  const devnet = devnetOf(options);
  const account = devnet?.accounts.find(({ name }) => name === text);
  if (account) return account.accountId;
  const names = devnet?.accounts.map(({ name }) => name).join(', ');
  throw usage(
    `"${text}" is not an account`,
    `use an id of 64 hexadecimal digits${names ? `, or one of ${names}` : ''}`,
  );
}
