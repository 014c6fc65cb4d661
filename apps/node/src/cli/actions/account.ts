import { existsSync } from 'node:fs';
import { operations } from '@varve/client';
import { isHex } from '@varve/encoding';
import { ROLES, type Role } from '@varve/ledger';
import { readSharedParts } from '../../setup/key-material.ts';
import type { Action } from '../command.ts';
import { accountArgument } from '../connection.ts';
import { CliError, usage } from '../failure.ts';
import { signing } from '../submission.ts';

const { accounts } = operations;

/** `account create`. */
export const createAccount: Action = signing(([key = '', roles = '']) =>
  accounts.create(publicKey(key, 'accountKey'), rolesOf(roles)),
);

/** `account add-key`. */
export const addKey: Action = signing(([account = '', key = ''], options) =>
  accounts.addKey(accountArgument(account, options), publicKey(key, 'accountKey')),
);

/** `account remove-key`. */
export const removeKey: Action = signing(([account = '', key = ''], options) =>
  accounts.removeKey(accountArgument(account, options), publicKey(key, 'accountKey')),
);

/** `account set-roles`. */
export const setRoles: Action = signing(([account = '', roles = ''], options) =>
  accounts.setRoles(accountArgument(account, options), rolesOf(roles)),
);

/** `account register-node`. */
export const registerNode: Action = signing(([key = '', name = '']) =>
  accounts.registerNode(publicKey(key, 'networkKey'), name),
);

/** `account revoke-node`. */
export const revokeNode: Action = signing(([key = '']) => accounts.revokeNode(publicKey(key, 'networkKey')));

/** A key in hexadecimal, or that of a key file. */
function publicKey(text: string, field: 'accountKey' | 'networkKey'): string {
  if (isHex(text, 32)) return text;
  if (!existsSync(text)) throw usage(`"${text}" is neither 64 hexadecimal digits nor a file`);
  const key = readSharedParts(text)[field];
  if (key !== undefined) return key;
  throw new CliError('KEY_MISSING', `${text} has no ${field === 'accountKey' ? 'account' : 'network'} key`);
}

function rolesOf(text: string): readonly Role[] {
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const role = ROLES.find((known) => known === name);
      if (role) return role;
      throw usage(`there is no role "${name}"`, `use some of ${ROLES.join(', ')}, separated by commas`);
    });
}
