import type { Command } from 'commander';
import { type CommandHost, group, leaf } from '../command.ts';
import { addSubmitOptions } from '../connection-options.ts';

type AccountAction = 'createAccount' | 'addKey' | 'removeKey' | 'setRoles' | 'registerNode' | 'revokeNode';

/** Accounts, their keys and roles, and the nodes that may connect; each signs one transaction. */
export function addAccountCommands(host: CommandHost, program: Command): void {
  const account = group(program, 'account', 'manage accounts, keys, roles and observers of your organization');
  const submit = (usage: string, description: string, examples: readonly string[], name: AccountAction): void => {
    const load = async () => (await import('../actions/account.ts'))[name];
    addSubmitOptions(leaf(host, account, usage, description, examples, load));
  };
  const keyNote = 'a public key is 64 hexadecimal digits, or a key file';
  submit(
    'create <public-key> <roles>',
    `create an account; ${keyNote}`,
    ['account create alice.key.json client', 'account create alice.key.json admin,client'],
    'createAccount',
  );
  submit('add-key <account> <public-key>', `add a key; ${keyNote}`, ['account add-key org1 new.key.json'], 'addKey');
  submit(
    'remove-key <account> <public-key>',
    `remove a key; ${keyNote}`,
    ['account remove-key org1 old.key.json'],
    'removeKey',
  );
  submit(
    'set-roles <account> <roles>',
    'give an account other roles: of admin, client, reader, auditor',
    ['account set-roles <id> client,reader'],
    'setRoles',
  );
  submit(
    'register-node <network-key> <name>',
    `let an observer connect; ${keyNote}`,
    ['account register-node watcher.key.json watcher'],
    'registerNode',
  );
  submit(
    'revoke-node <network-key>',
    'let an observer connect no more',
    ['account revoke-node watcher.key.json'],
    'revokeNode',
  );
}
