import type { GenesisModule } from '@varve/ledger/chain';
import { accounts } from './accounts.ts';
import { assets } from './assets.ts';
import { coordination } from './coordination.ts';
import { governance } from './governance.ts';

/** The modules of every chain, by name. Their order decides nothing: entries of the genesis state do not overlap. */
export function builtinModules(): ReadonlyMap<string, GenesisModule> {
  return new Map([accounts, governance, coordination, assets].map((module) => [module.name, module]));
}
