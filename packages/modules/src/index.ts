export { accountDirectory, accountIn, accounts, nodeIn } from './accounts.ts';
export type { Account, RegisteredNode } from './accounts-state.ts';
export { ACCOUNT_KEYS_MAX, accountIdOf, accountKey, decodeAccount, nodeKey, ownerKey } from './accounts-state.ts';
