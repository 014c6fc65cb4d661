import type { Command } from 'commander';
import { type CommandHost, group, leaf, option } from '../command.ts';

/** Key files. */
export function addKeysCommands(host: CommandHost, program: Command): void {
  const keys = group(program, 'keys', 'make key files and show their public parts');
  leaf(
    host,
    keys,
    'new',
    'make new keys and write them, encrypted, to a new file',
    ['keys new --name acme-1 --organization acme --out acme-1.key.json', 'keys new --account --out alice.key.json'],
    async () => (await import('../actions/keys.ts')).newKeys,
  )
    .requiredOption('--out <file>', 'where to write; never overwrites')
    .option('--name <name>', 'name of the validator, observer or person')
    .option('--organization <name>', 'organization it belongs to')
    .option('--account', 'a key that signs transactions')
    .option('--observer', 'a key that connects only, for a node that does not vote')
    .addOption(passphraseFile());
  leaf(
    host,
    keys,
    'show <file>',
    'print the public parts of a key file; what others need to add you to a genesis document',
    ['keys show acme-1.key.json', 'keys show acme-1.key.json --json > acme-1.public.json'],
    async () => (await import('../actions/keys.ts')).showKeys,
  );
}

/** Where the passphrase of a key file is. */
export function passphraseFile(): ReturnType<typeof option> {
  return option('--passphrase-file <file>', 'its first line is the passphrase', 'VARVE_PASSPHRASE_FILE');
}
