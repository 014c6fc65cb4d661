import type { Command } from 'commander';
import { SIGNATURE_MODES, SIGNATURE_THREADS } from '../../setup/signature-mode.ts';
import { type CommandHost, group, leaf, option, repeated } from '../command.ts';
import { passphraseFile } from './keys.ts';

/** One node of a network. */
export function addNodeCommands(host: CommandHost, program: Command): void {
  const node = group(program, 'node', 'make and run one node');
  const peer = (): ReturnType<typeof repeated> =>
    repeated('--peer <node@address>', 'a peer: validator name or network key, @, multiaddr; give it once for each');
  leaf(
    host,
    node,
    'init',
    'make a data directory; the only command that creates a database',
    [
      'node init --data acme-1 --genesis genesis.yaml --key acme-1.key.json --peer globex-1@/dns/ledger.globex.example/tcp/7801',
      'node init --data watcher --genesis genesis.yaml --key watcher.key.json --observer --http 127.0.0.1:7711 --peer acme-1@/ip4/10.0.0.5/tcp/7801',
    ],
    async () => (await import('../actions/node-init.ts')).initNode,
  )
    .addOption(dataDirectory())
    .requiredOption('--genesis <file>', 'the genesis document')
    .requiredOption('--key <file>', 'the key file of this node; it stays where it is')
    .addOption(
      repeated('--listen <address>', 'multiaddr to listen on (default: /ip4/0.0.0.0/tcp/7801, for an observer none)'),
    )
    .option('--http <host:port>', 'where the HTTP API listens, or "none"', '127.0.0.1:7701')
    .option('--http-token-file <file>', 'its first line is the token that requests must carry')
    .addOption(peer())
    .option('--observer', 'a node that follows and does not vote')
    .addOption(passphraseFile());
  leaf(
    host,
    node,
    'start',
    'run the node in the foreground until Ctrl-C',
    ['node start --data acme-1', 'node start --data acme-1 --passphrase-file acme-1.passphrase --log-level debug'],
    async () => (await import('../actions/node-start.ts')).startNodeCommand,
  )
    .addOption(dataDirectory())
    .addOption(option('--key <file>', 'key file, if not the configured one', 'VARVE_KEY'))
    .addOption(repeated('--listen <address>', 'multiaddr to listen on, instead of the configured ones'))
    .addOption(option('--http <host:port>', 'where the HTTP API listens, or "none"', 'VARVE_HTTP'))
    .addOption(option('--http-token-file <file>', 'its first line is the API token', 'VARVE_HTTP_TOKEN_FILE'))
    .addOption(peer())
    .addOption(
      option('--signatures <how>', 'judge signatures many at once, or one by one', 'VARVE_SIGNATURES').choices(
        SIGNATURE_MODES,
      ),
    )
    .addOption(
      option(
        '--signature-thread <which>',
        'judge them on a thread of their own, on the main one, or as the cores suggest',
        'VARVE_SIGNATURE_THREAD',
      ).choices(SIGNATURE_THREADS),
    )
    .option('--observer', 'follow without voting, whatever the configuration says')
    .option('--rebuild', 'execute all blocks again and write what is derived from them anew')
    .addOption(
      option('--log-level <level>', 'fatal, error, warn, info, debug or trace', 'VARVE_LOG_LEVEL')
        .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info'),
    )
    .addOption(passphraseFile());
}

function dataDirectory(): ReturnType<typeof option> {
  return option('--data <dir>', 'data directory of the node', 'VARVE_DATA').makeOptionMandatory();
}
