import type { Mutant } from './mutant.ts';
import { PAXOS_MUTANTS } from './paxos-mutants.ts';
import { RAFT_MUTANTS } from './raft-mutants.ts';
import { SHARED_MUTANTS } from './shared-mutants.ts';
import { SWITCH_MUTANTS } from './switch-mutants.ts';
import { TENDERMINT_MUTANTS } from './tendermint-mutants.ts';
import { ZAB_MUTANTS } from './zab-mutants.ts';

/** Every planted bug that the simulator must find. */
export const MUTANTS: readonly Mutant[] = [
  ...RAFT_MUTANTS,
  ...PAXOS_MUTANTS,
  ...ZAB_MUTANTS,
  ...TENDERMINT_MUTANTS,
  ...SHARED_MUTANTS,
  ...SWITCH_MUTANTS,
];

/** @throws where there is no such mutant. */
export function mutantNamed(name: string): Mutant {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`no mutant "${name}"`);
  return mutant;
}
