import type { Command } from 'commander';
import { type CommandHost, group, leaf, whole } from '../command.ts';
import { addNodeOptions } from '../connection-options.ts';

/** Checkpoints: certified blocks to keep, to trust, and to compare with what others were shown. */
export function addCheckpointCommands(host: CommandHost, program: Command): void {
  const checkpoint = group(program, 'checkpoint', 'keep certified blocks, and compare what two readers were shown');
  addNodeOptions(
    leaf(
      host,
      checkpoint,
      'get',
      'fetch a checkpoint: a certified block with all that proves it',
      ['checkpoint get --out mine.checkpoint', 'checkpoint get --height 1000 --out mine.checkpoint'],
      async () => (await import('../actions/checkpoint.ts')).getCheckpoint,
    ),
  )
    .requiredOption('--out <file>', 'write it to a new file')
    .addOption(whole('--height <number>', 'of this block or the next certified one (default: final)', 0, 1e15 - 1));
  leaf(
    host,
    checkpoint,
    'verify <file>',
    'check a checkpoint offline; then the file can be trusted instead of the genesis document',
    [
      'checkpoint verify mine.checkpoint --genesis .varve/devnet/genesis.json',
      'checkpoint verify newer.checkpoint --trust mine.checkpoint',
    ],
    async () => (await import('../actions/checkpoint.ts')).verifyCheckpointFile,
  )
    .option('--genesis <file>', 'the genesis document of the chain')
    .option('--trust <file>', 'an older checkpoint that was verified, instead of it')
    .option('--steps', 'print what was checked, step by step');
  leaf(
    host,
    checkpoint,
    'compare <first> <second>',
    'whether two readers were shown one history; if not, who signed both',
    [
      'checkpoint compare mine.checkpoint yours.checkpoint --genesis genesis.json --node http://127.0.0.1:7701',
      'checkpoint compare mine.checkpoint yours.checkpoint --genesis genesis.json --node http://127.0.0.1:7701 --out fork',
    ],
    async () => (await import('../actions/checkpoint.ts')).compareCheckpointFiles,
  )
    .option('--genesis <file>', 'the genesis document, by which both are verified first')
    .option('--trust <file>', 'an older checkpoint that was verified, instead of it')
    .option('--node <url>', 'a node to ask for the way between different heights; it is not trusted')
    .option('--out <prefix>', 'write the evidence against each double signer to <prefix>.NAME.evidence')
    .addHelpText(
      'after',
      '\nExit codes: 0 one history, 1 two histories or a checkpoint that proves nothing, 2 --node is missing.',
    );
}
