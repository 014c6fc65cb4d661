import type { Command } from 'commander';
import { type CommandHost, group, leaf, option, whole } from '../command.ts';
import { addNodeOptions, addSubmitOptions, addWaitOptions } from '../connection-options.ts';

/** Transactions: each of these signs one and submits it. */
export function addTxCommands(host: CommandHost, program: Command): void {
  const tx = group(program, 'tx', 'sign and submit a transaction');
  const submit = (usage: string, description: string, examples: readonly string[], name: TxAction): Command =>
    addSubmitOptions(
      leaf(host, tx, usage, description, examples, async () => (await import('../actions/tx.ts'))[name]),
    );
  const hex = '--hex';
  const version = (): ReturnType<typeof whole> =>
    whole('--version <n>', 'fail unless the node has this version', 0, Number.MAX_SAFE_INTEGER);
  submit(
    'create <path> <value>',
    'create a node',
    ['tx create /hello world', 'tx create /queue/job- data --sequential'],
    'createNode',
  )
    .option('--sequential', 'let the parent number it: ten digits are added to the path')
    .option(hex, 'the value is hexadecimal');
  submit('set <path> <value>', 'change a node', ['tx set /hello moon', 'tx set /hello moon --version 0'], 'setNode')
    .addOption(version())
    .option(hex, 'the value is hexadecimal');
  submit('delete <path>', 'delete a node without children', ['tx delete /hello'], 'deleteNode').addOption(version());
  submit(
    'define <asset>',
    'define an asset that your organization issues',
    ['tx define gold --title "Fine gold" --decimals 3'],
    'defineAsset',
  )
    .option('--title <text>', 'what people call it')
    .addOption(whole('--decimals <n>', 'digits after the point, for display', 0, 38).default(0));
  submit('issue <asset> <account> <amount>', 'issue an asset to an account', ['tx issue gold org1 1000'], 'issueAsset');
  submit(
    'transfer <asset> <account> <amount>',
    'give some of an asset to an account',
    ['tx transfer gold org2 250'],
    'transferAsset',
  );
  submit('burn <asset> <amount>', 'destroy some of your own', ['tx burn gold 50'], 'burnAsset');
  addWaitOptions(
    addNodeOptions(
      leaf(
        host,
        tx,
        'submit <file>',
        'submit a transaction that is signed already; harmless if it was submitted before',
        ['tx create /hello world --dry-run --out hello.tx', 'tx submit hello.tx'],
        async () => (await import('../actions/tx.ts')).submitFile,
      ),
    ),
  ).addOption(option('--format <format>', 'of the file').choices(['binary', 'hex']).default('binary'));
}

type TxAction = 'createNode' | 'setNode' | 'deleteNode' | 'defineAsset' | 'issueAsset' | 'transferAsset' | 'burnAsset';
