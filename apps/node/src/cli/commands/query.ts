import type { Command } from 'commander';
import { type CommandHost, group, leaf, option, whole } from '../command.ts';
import { addNodeOptions } from '../connection-options.ts';

type QueryAction =
  | 'queryStatus'
  | 'queryBlock'
  | 'queryTx'
  | 'queryState'
  | 'queryAccount'
  | 'queryAsset'
  | 'queryBalance'
  | 'queryValidators'
  | 'querySearch';

/** Questions to a node. */
export function addQueryCommands(host: CommandHost, program: Command): void {
  const query = group(program, 'query', 'ask a node');
  const ask = (usage: string, description: string, examples: readonly string[], name: QueryAction): Command =>
    addNodeOptions(
      leaf(host, query, usage, description, examples, async () => (await import('../actions/query.ts'))[name]),
    );
  ask(
    'status',
    'what the node is and how far it is',
    ['query status', 'query status --node http://127.0.0.1:7702 --json'],
    'queryStatus',
  );
  ask(
    'block <height>',
    'a block by height or hash; also latest, final',
    ['query block 1', 'query block final'],
    'queryBlock',
  );
  ask('tx <id>', 'how far a transaction is, and its outcome', ['query tx <id>'], 'queryTx');
  ask(
    'state <module> [key]',
    'a value of the state, by its key in hexadecimal or a path',
    [
      'query state coordination --path /hello',
      'query state coordination --path /hello --proof --json',
      'query state coordination --path /hello --height 12 --proof --genesis genesis.json',
    ],
    'queryState',
  )
    .option('--path <path>', 'path of a node of the coordination module')
    .option('--proof', 'with a proof, which is checked')
    .option('--genesis <file>', 'check the proof by this genesis document (default: that of the folder)')
    .option('--checkpoint <file>', 'check it by this checkpoint that was verified')
    .addOption(
      whole('--height <height>', 'as it was after this block (default: the newest)', 0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(option('--consistency <kind>', 'how fresh').choices(['local', 'linearizable', 'final']));
  ask('account <id>', 'organization, roles and keys of an account', ['query account org1'], 'queryAccount');
  ask('asset <name>', 'title, issuer and supply of an asset', ['query asset gold'], 'queryAsset');
  ask(
    'balance <asset> <account>',
    'how much of an asset an account holds, in its smallest unit',
    ['query balance gold org1', 'query balance gold <id> --node http://127.0.0.1:7702'],
    'queryBalance',
  );
  ask('validators', 'who is up, who is behind, whose seals are missing', ['query validators'], 'queryValidators');
  ask(
    'search <text>',
    'find blocks, transactions, accounts and validators',
    ['query search validator-1'],
    'querySearch',
  );
}
