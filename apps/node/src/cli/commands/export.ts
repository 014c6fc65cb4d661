import type { Command } from 'commander';
import { act, type CommandHost, whole } from '../command.ts';

/** Blocks, receipts and tables as files. */
export function addExportCommand(host: CommandHost, program: Command): void {
  act(
    host,
    program.command('export').description('write blocks, receipts and tables of transactions to files'),
    [
      'export --data .varve/devnet/validator-1 --out ledger.varve',
      'export --data .varve/devnet/validator-1 --csv transactions.csv --jsonl transactions.jsonl',
      'export --data .varve/devnet/validator-1 --receipts receipts --transactions ids.txt',
    ],
    async () => (await import('../actions/export.ts')).exportCopy,
  )
    .requiredOption('--data <dir>', 'data directory of a node, stopped or running, or of a devnet')
    .option('--out <file>', 'blocks and certificates, for "varve audit" on another machine')
    .addOption(whole('--from <height>', 'first block', 1, Number.MAX_SAFE_INTEGER).default(1))
    .addOption(whole('--to <height>', 'last block (default: the final one)', 1, Number.MAX_SAFE_INTEGER))
    .option('--csv <file>', 'a row for each operation, for spreadsheets')
    .option('--jsonl <file>', 'a line of JSON for each transaction')
    .option('--receipts <dir>', 'a receipt for each transaction, for "varve receipt verify"')
    .option('--transactions <file>', 'receipts only of the ids in this file, one a line');
}
