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
export { isSuccessor, TIME_FLOOR_AHEAD_MS_MAX } from './configuration-rules.ts';
export { coordination } from './coordination.ts';
export { coordinationKey, isNodePath } from './coordination-path.ts';
export type { NodeFamily } from './coordination-state.ts';
export { childrenOf, coordinationNodeIn, familyIn } from './coordination-state.ts';
export { governance, isAgreed, PROPOSALS_OPEN_MAX } from './governance.ts';
export type { Proposal, ReadyMark, Vote } from './governance-state.ts';
export {
  changedConfigurationIn,
  decodeProposal,
  decodeProposalIds,
  decodeReadyMark,
  openProposalsKey,
  proposalIdOf,
  proposalIdsIn,
  proposalIn,
  proposalKey,
  readyMarkIn,
  readyMarkKey,
  usedKeyKey,
  usedNameKey,
} from './governance-state.ts';
export type { Readiness } from './readiness.ts';
export { READY_BLOCKS_MAX, READY_MS_MAX, readySignBytes } from './readiness.ts';
