import { fromHex, isHex } from '@varve/encoding';
import {
  CONFIGURATION_PARENT_NONE,
  chainIdOf,
  checkConfiguration,
  checkGenesis,
  decodeGenesis,
  type Genesis,
  PARAMETERS_DEFAULT,
  ROLES,
} from '@varve/ledger';

/** `genesis.json` as nodes write it; every field is outside input. */
interface Document {
  readonly title: Genesis['title'];
  readonly time: string;
  readonly protocol: Genesis['configuration']['protocol'];
  readonly parameters?: Record<string, unknown>;
  readonly organizations: Genesis['organizations'];
  readonly validators: Genesis['configuration']['validators'];
  readonly accounts?: Genesis['accounts'];
}

/**
 * The chain id of the genesis document in a file: the JSON that every node keeps, a saved answer of `/v1/genesis`, or the
 * binary form. Whatever else is in the file gives no id, or one that is no chain's.
 * @throws {TypeError} where the file is none of them.
 */
export function chainIdOfFile(bytes: Uint8Array): string {
  try {
    return chainIdOf(
      bytes[0] === 0x7b ? genesisOfJson(JSON.parse(new TextDecoder().decode(bytes))) : decodeGenesis(bytes),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TypeError(`This is no genesis document in JSON or binary form: ${why}`);
  }
}

function genesisOfJson(value: Document | { readonly genesis: string }): Genesis {
  if ('genesis' in value && isHex(value.genesis)) return decodeGenesis(fromHex(value.genesis));
  const { title, time, protocol, parameters = {}, organizations, validators, accounts = [] } = value as Document;
  const { timeFloor } = parameters;
  const own = { ...parameters, ...(typeof timeFloor === 'string' && { timeFloor: Date.parse(timeFloor) }) };
  // What is a set stands in ascending order, however the file has it (docs/operations.md).
  const ascending = <T>(items: readonly T[], keyOf: (item: T) => string): T[] =>
    [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const genesis: Genesis = {
    title,
    time: Date.parse(time),
    configuration: {
      number: 0,
      parentHash: CONFIGURATION_PARENT_NONE,
      protocol,
      validators: ascending(validators, ({ name }) => name),
      parameters: { ...PARAMETERS_DEFAULT, ...own },
    },
    organizations: ascending(
      organizations.map(({ name, title: shown = name }) => ({ name, title: shown })),
      ({ name }) => name,
    ),
    accounts: ascending(accounts, ({ publicKey }) => publicKey).map((account) => ({
      ...account,
      roles: ROLES.filter((role) => account.roles.includes(role)),
    })),
  };
  checkConfiguration(genesis.configuration);
  checkGenesis(genesis);
  return genesis;
}
