import type { Command } from 'commander';
import { act, type CommandHost, whole } from '../command.ts';
import { PROTOCOLS_TEXT } from '../protocols.ts';

/** Most validators of a simulated network: graphs of partitions are drawn for no more. */
const VALIDATORS_MAX = 7;
const SECONDS_MAX = 3600;
const JOBS_MAX = 64;

/** The deterministic simulation. */
export function addSimulateCommand(host: CommandHost, program: Command): void {
  act(
    host,
    program.command('simulate').description('run whole networks on a virtual clock with every fault, and check them'),
    [
      'simulate --protocol raft --validators 5 --seeds 1..100 --faults all',
      'simulate --seeds 17..17 --trace seed-17.html',
    ],
    async () => (await import('../actions/simulate.ts')).simulateSeeds,
  )
    .option('--protocol <name>', `consensus protocol: ${PROTOCOLS_TEXT}`, 'raft')
    .addOption(
      whole('--validators <n>', `validators of each network, at most ${VALIDATORS_MAX}`, 1, VALIDATORS_MAX).default(4),
    )
    .option('--seeds <a..b>', 'which seeds to run, both included; or one number', '1..100')
    .option('--faults <list>', 'all, none, or kinds joined by commas, such as loss,power', 'all')
    .option('--changes', 'change protocol, seats and keys again and again, of networks of 4 to 6 validators')
    .addOption(whole('--seconds <n>', 'virtual seconds of faults in each seed', 1, SECONDS_MAX).default(60))
    .addOption(whole('--jobs <n>', 'threads (default: as many as processors)', 1, JOBS_MAX))
    .option('--reports <dir>', 'where a failing seed leaves its timeline and diagram', '.varve/simulation')
    .option('--trace <file>', 'of a single seed: where to write its diagram (.html) or timeline (any other name)');
}
