import { fromHex } from '@varve/encoding';
import { chainIdOf, type Genesis } from '@varve/ledger';
import { accountIdOf } from '@varve/modules';
import { parseTime } from '../../setup/fields.ts';
import { addToGenesis, readGenesisFile, writeNewGenesis } from '../../setup/genesis-file.ts';
import { type PublicParts, readPublicParts, readSharedParts } from '../../setup/key-material.ts';
import type { Action, Options } from '../command.ts';
import { CliError, usage } from '../failure.ts';
import { pairs, table } from '../printer.ts';
import { protocolArgument } from '../protocols.ts';

/** `genesis new`. */
export const newGenesis: Action = async ({ printer }, _args, options) => {
  const path = options.text('out') ?? '';
  const protocol = protocolArgument(options.text('protocol') ?? '');
  const timeText = options.text('time');
  // Whole seconds: people read and compare this time.
  const time = timeText === undefined ? Math.floor(Date.now() / 1000) * 1000 : parseTime(timeText);
  if (time === undefined) throw usage(`"${timeText}" is not an RFC 3339 time`, 'write it like 2026-01-31T12:00:00Z');
  const organizations = options.list('org').map((text) => {
    const [name = '', ...title] = text.split(':');
    return { name, title: title.join(':') || name };
  });
  writeNewGenesis(path, { title: options.text('title') ?? '', time, protocol, organizations });
  printer.result({ file: path, protocol, organizations }, `wrote ${path}`);
  printer.talk(`next: varve genesis add-validator ${path} --key FILE, or --public FILE for other organizations`);
  return undefined;
};

/** `genesis add-organization`. */
export const addOrganization: Action = async ({ printer }, [path = '', name = ''], options) => {
  const item = { name, title: options.text('title') ?? name };
  addToGenesis(path, 'organizations', item);
  printer.result(item, `added organization ${name} to ${path}`);
  return undefined;
};

/** `genesis add-validator`. */
export const addValidator: Action = async ({ printer }, [path = ''], options) => {
  const parts = givenParts(options);
  const name = options.text('name') ?? parts?.name;
  const organization = options.text('organization') ?? parts?.organization;
  if (name === undefined) throw usage('the validator has no name', 'add --name');
  if (organization === undefined) throw usage('the validator has no organization', 'add --organization');
  if (parts === undefined) throw usage('the keys are missing', 'add --key FILE or --public FILE');
  const { signingKey, networkKey } = parts;
  if (signingKey === undefined || networkKey === undefined)
    throw new CliError('KEY_MISSING', 'a validator needs a signing key and a network key');
  const item = { name, organization, signingKey, networkKey };
  addToGenesis(path, 'validators', item);
  printer.result(item, `added validator ${name} of ${organization} to ${path}`);
  return undefined;
};

/** `genesis add-account`. */
export const addAccount: Action = async ({ printer }, [path = ''], options) => {
  const parts = givenParts(options);
  const publicKey = options.text('publicKey') ?? parts?.accountKey;
  const organization = options.text('organization') ?? parts?.organization;
  if (organization === undefined) throw usage('the account has no organization', 'add --organization');
  if (publicKey === undefined)
    throw parts === undefined
      ? usage('the key is missing', 'add --key FILE, --public FILE or --public-key HEX')
      : new CliError('KEY_MISSING', 'the file has no account key');
  const roles = (options.text('roles') ?? '').split(',').filter((role) => role !== '');
  const item = { publicKey, organization, roles };
  addToGenesis(path, 'accounts', item);
  const accountId = accountIdOf(fromHex(publicKey));
  printer.result(
    { accountId, ...item },
    `added account ${accountId} of ${organization}, with key ${publicKey}, to ${path}`,
  );
  return undefined;
};

/** `genesis check`. */
export const checkGenesisFile: Action = async ({ printer }, [path = '']) => {
  const genesis = readGenesisFile(path);
  const { protocol, validators } = genesis.configuration;
  const chainId = chainIdOf(genesis);
  const time = new Date(genesis.time).toISOString();
  const organizations = genesis.organizations.map(({ name }) => name);
  const names = validators.map(({ name }) => name);
  const accounts = genesis.accounts.map(({ publicKey, ...account }) => ({
    accountId: accountIdOf(fromHex(publicKey)),
    publicKey,
    ...account,
  }));
  const head = pairs([
    ['chain id', chainId],
    ['title', genesis.title],
    ['time', time],
    ['protocol', protocol],
    ['organizations', organizations.join(', ')],
    ['validators', names.join(', ')],
    ['accounts', accounts.length],
  ]);
  const rows = accounts.map((one) => [one.accountId, one.organization, one.roles.join(', ')]);
  printer.result(
    {
      chainId,
      title: genesis.title,
      time,
      protocol,
      organizations,
      validators: names,
      accounts,
    },
    rows.length === 0 ? head : `${head}\n\n${table(['account', 'organization', 'roles'], rows)}`,
  );
  for (const warning of warningsOf(genesis)) printer.talk(`warning: ${warning}`);
  return undefined;
};

/** What is allowed, but cannot be mended once the chain has started. */
function warningsOf({ organizations, accounts }: Genesis): readonly string[] {
  const admins = accounts.filter(({ roles }) => roles.includes('admin'));
  if (admins.length === 0) return ['no account has the role admin: nobody could ever create accounts'];
  return organizations
    .filter(({ name }) => !admins.some(({ organization }) => organization === name))
    .map(({ name }) => `organization ${name} has no account with the role admin: it could never create one`);
}

function givenParts(options: Options): PublicParts | undefined {
  const [key, shared] = [options.text('key'), options.text('public')];
  if (key !== undefined && shared !== undefined) throw usage('--key and --public exclude each other');
  if (key !== undefined) return readPublicParts(key);
  return shared === undefined ? undefined : readSharedParts(shared);
}
