import type { ProtocolName } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { CONFIGURATION_PARENT_NONE, type Genesis, PARAMETERS_DEFAULT } from '@varve/ledger';
import type { Key, Signatures } from './keys.ts';
import { WALL_START } from './node.ts';

/** The name of the validator at position `i`, from 0. */
export function validatorName(i: number): string {
  return `validator-${i + 1}`;
}

/** A genesis document for validators with the keys that nodes of these names have, and accounts for `clients`. */
export function simulatedGenesis(
  protocol: ProtocolName,
  validators: number,
  signatures: Signatures,
  accounts: { readonly admin: Key; readonly clients: readonly Key[] },
): Genesis {
  return {
    title: 'simulation',
    time: WALL_START,
    configuration: {
      number: 0,
      parentHash: CONFIGURATION_PARENT_NONE,
      protocol,
      validators: Array.from({ length: validators }, (_, i) => ({
        name: nodeId(validatorName(i)),
        organization: 'org1',
        signingKey: signatures.key(`signing ${validatorName(i)}`).hex,
        networkKey: signatures.key(`network ${validatorName(i)}`).hex,
      })),
      parameters: PARAMETERS_DEFAULT,
    },
    organizations: [{ name: 'org1', title: 'One' }],
    accounts: [
      { publicKey: accounts.admin.hex, organization: 'org1', roles: ['admin', 'client'] },
      ...accounts.clients.map((key) => ({
        publicKey: key.hex,
        organization: 'org1',
        roles: ['client'] as const,
      })),
    ],
  };
}
