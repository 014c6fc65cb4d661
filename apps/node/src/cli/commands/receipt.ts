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
      ['receipt get <id> --out hello.receipt', 'receipt get <id> --out hello.json'],
      async () => (await import('../actions/receipt.ts')).getReceipt,
    ),
  ).option('--out <file>', 'write the receipt to a new file: binary, or JSON where its name ends in .json');
  leaf(
    host,
    receipt,
    'verify <file>',
    'check a receipt offline, in either form; nothing is trusted but the genesis document or a checkpoint',
    [
      'receipt verify hello.receipt --genesis .varve/devnet/genesis.json',
      'receipt verify hello.receipt --genesis .varve/devnet/genesis.json --steps',
      'receipt verify hello.receipt --checkpoint kept.checkpoint',
    ],
    async () => (await import('../actions/receipt.ts')).verifyReceiptFile,
  )
    .option('--genesis <file>', 'the genesis document of the chain')
    .option('--checkpoint <file>', 'a checkpoint that was verified, instead of it')
    .option('--consistency <file>', 'binary answer of /v1/consistency, for a block that is not above the checkpoint')
    .option('--node <url>', 'a node to ask for that; it is not trusted')
    .option('--steps', 'print what was checked, step by step');
}
