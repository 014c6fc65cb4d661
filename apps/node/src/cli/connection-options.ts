import type { Command } from 'commander';
import { option, whole } from './command.ts';
import { passphraseFile } from './commands/keys.ts';

const TIMEOUT_SECONDS = 30;

/** Options that say which node to ask. */
export function addNodeOptions(command: Command): Command {
  return command
    .addOption(option('--data <dir>', 'folder of a devnet or node (default: .varve/devnet)', 'VARVE_DATA'))
    .addOption(option('--node <url>', 'HTTP address of a node', 'VARVE_NODE'))
    .addOption(option('--token-file <file>', 'its first line is the access token of the node', 'VARVE_TOKEN_FILE'));
}

/** Options that say who signs. */
function addSignerOptions(command: Command): Command {
  return command
    .addOption(option('--key <file>', 'key file that signs (default: the first account of the devnet)', 'VARVE_KEY'))
    .option('--as <name>', 'account of the devnet that signs, such as org2')
    .option('--account <id>', 'account to act for, if the key is not its first one')
    .addOption(passphraseFile());
}

/** Options of everything that submits a transaction. */
export function addSubmitOptions(command: Command): Command {
  return addSignerOptions(addWaitOptions(addNodeOptions(command)))
    .option('--dry-run', 'build and sign, print the transaction, send nothing')
    .option('--out <file>', 'also write the signed transaction to a new file');
}

/** Options that say how far to wait. */
export function addWaitOptions(command: Command): Command {
  return command
    .addOption(option('--wait <state>', 'how far to wait').choices(['none', 'committed', 'final']).default('final'))
    .addOption(whole('--timeout <seconds>', 'how long to wait', 0, 86_400).default(TIMEOUT_SECONDS));
}
