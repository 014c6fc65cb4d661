import type { Command } from 'commander';
import { act, type CommandHost, group, leaf, option, whole } from '../command.ts';
import { PROTOCOLS_TEXT } from '../protocols.ts';

/** Most validators that one devnet runs: more would not fit between its two ranges of ports, nor on one machine. */
const VALIDATORS_MAX = 32;
const SWITCH_SECONDS = 60;
/** What is signed before a measurement is held in memory, and must be valid to its end. */
const COMPARE_SECONDS_MAX = 60;

/** A whole network on this machine. */
export function addDevnetCommands(host: CommandHost, program: Command): void {
  const devnet = group(program, 'devnet', 'run a whole network on this machine').enablePositionalOptions();
  act(
    host,
    devnet,
    ['devnet', 'devnet --validators 3 --data /tmp/net --ports 0 --detach', 'devnet kill leader'],
    async () => (await import('../actions/devnet-start.ts')).startDevnet,
  )
    .option('--protocol <name>', `consensus protocol of a new network: ${PROTOCOLS_TEXT} (default: raft)`)
    .addOption(whole('--validators <n>', 'how many validators a new network has (default: 4)', 1, VALIDATORS_MAX))
    .addOption(dataDirectory())
    .addOption(
      whole('--ports <base>', 'HTTP at base+i, libp2p at base+100+i; 0 takes free ones (default: 7700)', 0, 65_400),
    )
    .option('--detach', 'return when all validators are ready, and leave them running');
  leaf(
    host,
    devnet,
    'status',
    'show the validators',
    ['devnet status', 'devnet status --json'],
    async () => (await import('../actions/devnet-control.ts')).devnetStatus,
  ).addOption(dataDirectory());
  leaf(
    host,
    devnet,
    'stop',
    'stop all validators',
    ['devnet stop', 'devnet stop --data /tmp/net'],
    async () => (await import('../actions/devnet-control.ts')).stopDevnet,
  ).addOption(dataDirectory());
  leaf(
    host,
    devnet,
    'kill <validator>',
    'end a validator at once, as a crash would (SIGKILL); a number, or "leader"',
    ['devnet kill 2', 'devnet kill leader'],
    async () => (await import('../actions/devnet-control.ts')).killValidator,
  ).addOption(dataDirectory());
  leaf(
    host,
    devnet,
    'restart <validator>',
    'stop a validator if it runs, and start it again; a number, or "leader"',
    ['devnet restart 2'],
    async () => (await import('../actions/devnet-control.ts')).restartValidator,
  ).addOption(dataDirectory());
  leaf(
    host,
    devnet,
    'switch',
    'change the protocol of the running network: propose, vote, and wait until every validator has switched',
    ['devnet switch --protocol tendermint', 'devnet switch --protocol raft --data /tmp/net --json'],
    async () => (await import('../actions/devnet-switch.ts')).switchDevnet,
  )
    .addOption(dataDirectory())
    .option('--protocol <name>', `the protocol to switch to: ${PROTOCOLS_TEXT}`)
    .option('--override', 'let one organization hold more seats than the protocol tolerates liars')
    .addOption(whole('--timeout <seconds>', 'how long each step may take', 1, 86_400).default(SWITCH_SECONDS));
  leaf(
    host,
    devnet,
    'compare',
    'run every protocol under one load, each on a network of its own that is removed again, and print a table',
    ['devnet compare', 'devnet compare --protocols raft,tendermint --validators 7 --seconds 20 --json'],
    async () => (await import('../actions/devnet-compare.ts')).compareDevnets,
  )
    .option('--protocols <list>', `in the order of the table, joined by commas: ${PROTOCOLS_TEXT} (default: all)`)
    .addOption(whole('--validators <n>', 'validators of each network', 1, VALIDATORS_MAX).default(4))
    .addOption(whole('--seconds <s>', 'how long each measurement lasts', 1, COMPARE_SECONDS_MAX).default(5))
    .option('--transactions <size>', 'bytes of each whole signed transaction', '300B');
}

function dataDirectory(): ReturnType<typeof option> {
  return option('--data <dir>', 'folder of the network', 'VARVE_DATA').default('.varve/devnet');
}
