import type { Command } from 'commander';
import { type CommandHost, group, leaf } from '../command.ts';
import { addNodeOptions } from '../connection-options.ts';

/** Receipts: the portable proof of what became of a transaction. */
export function addReceiptCommands(host: CommandHost, program: Command): void {
  const receipt = group(program, 'receipt', 'get and check receipts');
  addNodeOptions(
    leaf(
      host,
      receipt,
      'get <id>',
      'fetch the receipt of a final transaction',
      ['receipt get <id> --out hello.receipt'],
      async () => (await import('../actions/receipt.ts')).getReceipt,
    ),
  ).option('--out <file>', 'write the portable bytes to a new file');
  leaf(
    host,
    receipt,
    'verify <file>',
    'check a receipt offline; nothing is trusted but the genesis document',
    ['receipt verify hello.receipt --genesis .varve/devnet/genesis.json'],
    async () => (await import('../actions/receipt.ts')).verifyReceiptFile,
  ).requiredOption('--genesis <file>', 'the genesis document of the chain');
}
