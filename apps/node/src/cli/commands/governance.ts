import { type Command, Option } from 'commander';
import { type CommandHost, group, leaf, option, repeated, whole } from '../command.ts';
import { addNodeOptions, addSubmitOptions } from '../connection-options.ts';
import { PROTOCOLS_TEXT } from '../protocols.ts';

type GovernanceAction =
  | 'proposeConfiguration'
  | 'voteOnProposal'
  | 'withdrawProposal'
  | 'proveReady'
  | 'showGovernance'
  | 'listProposals';

/** Changes of the configuration: who validates, under which protocol and limits. */
export function addGovernanceCommands(host: CommandHost, program: Command): void {
  const governance = group(program, 'governance', 'change validators, protocol and limits of the running chain');
  const make = (usage: string, description: string, examples: readonly string[], name: GovernanceAction): Command =>
    leaf(host, governance, usage, description, examples, async () => (await import('../actions/governance.ts'))[name]);
  addSubmitOptions(
    make(
      'propose',
      'propose the next configuration: the present one with changes; this is your organization’s vote too',
      [
        'governance propose --protocol tendermint --as org1',
        'governance propose --remove acme-1 --add acme-2.public.json --key alice.key.json',
        'governance propose --from next.json --key alice.key.json',
      ],
      'proposeConfiguration',
    ),
  )
    .option('--protocol <name>', `order blocks by another consensus protocol: ${PROTOCOLS_TEXT}`)
    .addOption(
      repeated('--add <seat>', 'NAME:ORGANIZATION:SIGNINGKEY:NETWORKKEY, or a file of "varve keys show --json"'),
    )
    .addOption(repeated('--remove <name>', 'a validator that leaves; with --add of the same name it gets other keys'))
    .option('--from <file>', 'JSON like that of "varve governance show --json"; what it leaves out stays')
    .option('--override', 'let one organization hold more seats than the protocol tolerates liars');
  addSubmitOptions(
    make(
      'vote <proposal>',
      'vote for your organization; more than half of all organizations decide',
      ['governance vote <id> --approve --as org2', 'governance vote <id> --reject --key bob.key.json'],
      'voteOnProposal',
    ),
  )
    .option('--approve', 'for the change')
    .addOption(new Option('--reject', 'against it').conflicts('approve'));
  addSubmitOptions(
    make(
      'ready <key-file>',
      'say that a validator is ready for a seat, proven with its key file; ask its own node, with --node',
      ['governance ready acme-2.key.json --node http://127.0.0.1:7711 --key alice.key.json'],
      'proveReady',
    ),
  )
    .option('--name <name>', 'name of the seat (default: that in the key file)')
    .option('--organization <name>', 'its organization (default: that in the key file)')
    .addOption(
      whole(
        '--rules <n>',
        'newest version of the execution rules that its program knows (default: as this one)',
        1,
        1_000,
      ),
    )
    .addOption(option('--validator-passphrase-file <file>', 'of the candidate’s key (default: --passphrase-file)'));
  addNodeOptions(
    make(
      'show [proposal]',
      'show a proposal, or the present configuration',
      ['governance show', 'governance show --json > next.json', 'governance show <id>'],
      'showGovernance',
    ),
  );
  addNodeOptions(make('list', 'list the open proposals', ['governance list'], 'listProposals'));
  addSubmitOptions(
    make(
      'withdraw <proposal>',
      'take back an open proposal of your organization',
      ['governance withdraw <id>'],
      'withdrawProposal',
    ),
  );
}
