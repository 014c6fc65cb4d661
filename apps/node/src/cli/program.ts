import { Command } from 'commander';
import { VERSION } from '../version.ts';
import type { CommandHost } from './command.ts';
import { addAccountCommands } from './commands/account.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addCheckpointCommands } from './commands/checkpoint.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDevnetCommands } from './commands/devnet.ts';
import { addEvidenceCommands } from './commands/evidence.ts';
import { addExportCommand } from './commands/export.ts';
import { addGenesisCommands } from './commands/genesis.ts';
import { addGovernanceCommands } from './commands/governance.ts';
import { addKeysCommands } from './commands/keys.ts';
import { addNodeCommands } from './commands/node.ts';
import { addQueryCommands } from './commands/query.ts';
import { addReceiptCommands } from './commands/receipt.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addTxCommands } from './commands/tx.ts';

const EXAMPLES = `Examples:
  varve devnet
  varve tx create /hello world

`;
const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration, genesis or key file, 4 node unreachable,
5 transaction rejected, 6 still pending when the wait ended, 7 an audit found something, 130 interrupted, 143 terminated.`;

/**
 * The whole command tree. Only commander is loaded for it: each action imports what it needs.
 * @param onTalk - Gets what the parser would write to standard error.
 */
export function buildProgram(host: CommandHost, onTalk: (text: string) => void): Command {
  const program = new Command('varve')
    .description('Varve: a permissioned ledger with pluggable consensus whose every answer can be checked offline.')
    .version(VERSION, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.output.stdout.write(text),
      writeErr: onTalk,
      // What is wrong arrives as an exception and is printed once.
      outputError: () => undefined,
    })
    .configureHelp({ sortSubcommands: false })
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODES)
    .helpCommand(false);
  addDevnetCommands(host, program);
  addTxCommands(host, program);
  addQueryCommands(host, program);
  addAccountCommands(host, program);
  addGovernanceCommands(host, program);
  addReceiptCommands(host, program);
  addCheckpointCommands(host, program);
  addEvidenceCommands(host, program);
  addAuditCommand(host, program);
  addExportCommand(host, program);
  addNodeCommands(host, program);
  addGenesisCommands(host, program);
  addKeysCommands(host, program);
  addSimulateCommand(host, program);
  addCompletionCommand(host, program);
  return program;
}
