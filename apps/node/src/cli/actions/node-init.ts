import { resolve } from 'node:path';
import { isLoopback, parseHttpAddress, parsePeer } from '../../setup/addresses.ts';
import { readGenesisFile } from '../../setup/genesis-file.ts';
import { initializeNode } from '../../setup/initialize-node.ts';
import type { Action, ActionContext, Options } from '../command.ts';
import { usage } from '../failure.ts';
import { pairs } from '../printer.ts';

const LISTEN_DEFAULT = '/ip4/0.0.0.0/tcp/7801';

/** `node init`. */
export const initNode: Action = async ({ printer }, _args, options) => {
  const dataDirectory = resolve(options.text('data') ?? '');
  const role = options.flag('observer') ? 'observer' : 'validator';
  const listen = options.list('listen');
  const optional = (name: string): string | undefined => {
    const path = options.text(name);
    return path === undefined ? undefined : resolve(path);
  };
  const made = await initializeNode({
    dataDirectory,
    genesis: readGenesisFile(options.text('genesis') ?? ''),
    role,
    keyFile: resolve(options.text('key') ?? ''),
    passphraseFile: optional('passphraseFile'),
    // Observers connect to others: nobody has to reach them.
    listen: listen.length > 0 || role === 'observer' ? listen : [LISTEN_DEFAULT],
    http: httpOption(options.text('http')),
    httpTokenFile: optional('httpTokenFile'),
    peers: peersOption(options),
  });
  printer.result(
    { dataDirectory, ...made },
    pairs([
      ['data directory', dataDirectory],
      ['chain id', made.chainId],
      ['validator', made.name],
      ['network key', made.networkKey],
    ]),
  );
  printer.talk(`next: varve node start --data ${options.text('data')}`);
  return undefined;
};

/** The `--peer` options. */
export function peersOption(options: Options): readonly { readonly node: string; readonly address: string }[] {
  return options.list('peer').map((text) => {
    const peer = parsePeer(text);
    if (peer) return peer;
    throw usage(`"${text}" is not a peer`, 'write NAME@MULTIADDR, such as globex-1@/ip4/10.0.0.5/tcp/7801');
  });
}

/** The `--http` option: `none` is no API. */
export function httpOption(text: string | undefined): { readonly host: string; readonly port: number } | undefined {
  if (text === undefined || text === 'none') return undefined;
  const address = parseHttpAddress(text);
  if (address) return address;
  throw usage(`"${text}" is not an address`, 'write HOST:PORT, such as 127.0.0.1:7701, or none');
}

/** Warns of an API that other machines reach without a token. */
export function warnOpenApi(
  { printer }: ActionContext,
  http: { readonly host: string } | undefined,
  token: string | undefined,
): void {
  if (http && !isLoopback(http.host) && token === undefined)
    printer.talk(`warning: everybody who reaches ${http.host} can use the HTTP API; add --http-token-file`);
}
