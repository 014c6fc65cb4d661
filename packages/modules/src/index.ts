export { accountDirectory, accountIn, accounts, nodeIn } from './accounts.ts';
export type { Account, RegisteredNode } from './accounts-state.ts';
export {
  ACCOUNT_KEYS_MAX,
  accountIdOf,
  accountKey,
  decodeAccount,
  decodeNode,
  nodeKey,
  organizationKey,
  ownerKey,
} from './accounts-state.ts';
export { AMOUNT_BYTES_MAX, AMOUNT_MAX, decodeAmount, encodeAmount } from './amount.ts';
export { assets, DECIMALS_MAX } from './assets.ts';
export type { Asset } from './assets-state.ts';
export { assetIn, assetKey, balanceIn, balanceKey, decodeAsset, decodeBalance } from './assets-state.ts';
export { builtinModules } from './builtin.ts';
export { coordination } from './coordination.ts';
export { coordinationKey, isNodePath } from './coordination-path.ts';
export type { NodeFamily } from './coordination-state.ts';
export { childrenOf, coordinationNodeIn, familyIn } from './coordination-state.ts';
