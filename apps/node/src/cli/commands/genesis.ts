import { type Command, Option } from 'commander';
import { type CommandHost, group, leaf, repeated } from '../command.ts';
import { PROTOCOLS_TEXT } from '../protocols.ts';

const load =
  (name: 'newGenesis' | 'addOrganization' | 'addValidator' | 'addAccount' | 'checkGenesisFile') => async () =>
    (await import('../actions/genesis.ts'))[name];

/** Genesis documents. */
export function addGenesisCommands(host: CommandHost, program: Command): void {
  const genesis = group(program, 'genesis', 'write and check the document that a chain starts from');
  leaf(
    host,
    genesis,
    'new',
    'start a document',
    ['genesis new --title "Harbour ledger" --org acme:"Acme Ltd" --org globex --out genesis.yaml'],
    load('newGenesis'),
  )
    .requiredOption('--title <text>', 'what people call the chain')
    .addOption(repeated('--org <name[:title]>', 'an organization; give it once for each').makeOptionMandatory())
    .option('--protocol <name>', `consensus protocol: ${PROTOCOLS_TEXT}`, 'raft')
    .option('--time <RFC 3339>', 'time of block 0 (default: now)')
    .requiredOption('--out <file>', 'where to write: YAML, or JSON if it ends in .json');
  leaf(
    host,
    genesis,
    'add-organization <file> <name>',
    'add an organization',
    ['genesis add-organization genesis.yaml initech --title "Initech Inc"'],
    load('addOrganization'),
  ).option('--title <text>', 'full name');
  leaf(
    host,
    genesis,
    'add-validator <file>',
    'add a validator by the public parts of its keys',
    [
      'genesis add-validator genesis.yaml --key acme-1.key.json',
      'genesis add-validator genesis.yaml --public globex-1.public.json',
    ],
    load('addValidator'),
  )
    .option('--key <file>', 'its key file; no passphrase is needed')
    .option('--public <file>', 'output of "varve keys show --json"')
    .option('--name <name>', 'its name, if the file has none')
    .option('--organization <name>', 'its organization, if the file has none');
  leaf(
    host,
    genesis,
    'add-account <file>',
    'add an account that exists from the start',
    ['genesis add-account genesis.yaml --key alice.key.json --organization acme --roles admin,client'],
    load('addAccount'),
  )
    .option('--key <file>', 'its key file; no passphrase is needed')
    .option('--public <file>', 'output of "varve keys show --json"')
    .addOption(new Option('--public-key <hex>', 'the public key itself').conflicts(['key', 'public']))
    .option('--organization <name>', 'its organization, if the file has none')
    .option('--roles <list>', 'of admin, client, reader, auditor; separated by commas', 'client');
  leaf(
    host,
    genesis,
    'check <file>',
    'check a document; print its chain id and who is in it',
    ['genesis check genesis.yaml'],
    load('checkGenesisFile'),
  );
}
