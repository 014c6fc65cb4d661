import { type Parameters, PROTOCOL_NAMES, type ProtocolName, type ValidatorMember } from '@varve/consensus';
import { nodeId, type PublicKeyHex } from '@varve/encoding';
import {
  CONFIGURATION_PARENT_NONE,
  type Genesis,
  type GenesisAccount,
  type Organization,
  PARAMETERS_DEFAULT,
  ROLES,
  type Role,
  VALIDATORS_MAX,
} from '@varve/ledger';
import { SetupError } from './errors.ts';
import { choiceField, keyField, nameField, required, timeField } from './fields.ts';
import { parametersField } from './genesis-parameters.ts';
import { describeProblems, type Located, readDocument } from './located.ts';

/** A title is for people; it only has to fit on a screen. */
const TITLE_LENGTH_MAX = 200;
const FIELDS = ['title', 'time', 'protocol', 'parameters', 'organizations', 'validators', 'accounts'];

/**
 * The genesis of a YAML or JSON document. What is a set there (organizations, validators, accounts, roles) is put in
 * ascending order, so that the chain id depends neither on the file's format nor on the order of its lines.
 * @param complete - `false` also takes a document that has no validators yet.
 * @throws {SetupError} `GENESIS_INVALID` with every problem and its line.
 */
export function parseGenesisDocument(text: string, file: string, complete = true): Genesis {
  const result = readDocument(text, (root) => readGenesis(root, complete));
  if (result.problems === undefined) return result.value;
  const { problems } = result;
  throw new SetupError('GENESIS_INVALID', describeProblems(file, problems), { file, problems });
}

function readGenesis(root: Located, complete: boolean): Genesis | undefined {
  const fields = root.fields(FIELDS);
  const title = titleField(required(fields, 'title', root));
  const time = timeField(required(fields, 'time', root));
  const protocol = protocolField(required(fields, 'protocol', root));
  const parameters: Parameters = parametersField(fields.get('parameters')) ?? PARAMETERS_DEFAULT;
  const organizations = readOrganizations(required(fields, 'organizations', root));
  const names = new Set(organizations.map(({ name }) => name));
  const validatorsAt = required(fields, 'validators', root);
  const validators = readValidators(validatorsAt, names);
  if (complete && validatorsAt && validators.length === 0)
    validatorsAt.problem('there is no validator', 'add one with "varve genesis add-validator"');
  const accounts = readAccounts(fields.get('accounts'), names);
  if (title === undefined || time === undefined || protocol === undefined) return undefined;
  const configuration = { number: 0, parentHash: CONFIGURATION_PARENT_NONE, protocol, validators, parameters };
  return { title, time, configuration, organizations, accounts };
}

/** A protocol that this program has an engine for. */
export function protocolField(at: Located | undefined): ProtocolName | undefined {
  const text = at?.text();
  if (text === undefined) return undefined;
  const rule = `this program has no engine for the protocol "${text.slice(0, 80)}"`;
  return PROTOCOL_NAMES.find((name) => name === text) ?? at?.problem(rule, `use one of ${PROTOCOL_NAMES.join(', ')}`);
}

function titleField(at: Located | undefined): string | undefined {
  const text = at?.text();
  if (text === undefined || (text.length >= 1 && text.length <= TITLE_LENGTH_MAX && text.isWellFormed())) return text;
  return at?.problem(`a title has 1 to ${TITLE_LENGTH_MAX} characters`, 'write a shorter or longer one');
}

function readOrganizations(at: Located | undefined): readonly Organization[] {
  const distinct = new Distinct('organization');
  const organizations = (at?.items() ?? []).flatMap((item) => {
    const fields = item.fields(['name', 'title']);
    const nameAt = required(fields, 'name', item);
    const name = nameField(nameAt);
    const title = fields.has('title') ? titleField(fields.get('title')) : name;
    distinct.add(name, nameAt);
    return name === undefined || title === undefined ? [] : [{ name, title }];
  });
  return organizations.sort((a, b) => ascending(a.name, b.name));
}

/** The validators of a list, ascending by name. */
export function readValidators(
  at: Located | undefined,
  organizations: ReadonlySet<string>,
): readonly ValidatorMember[] {
  const names = new Distinct('validator');
  const keys = new Distinct('key');
  const items = at?.items() ?? [];
  if (items.length > VALIDATORS_MAX) at?.problem(`more than ${VALIDATORS_MAX} validators`, 'remove some');
  const validators = items.slice(0, VALIDATORS_MAX).flatMap((item): ValidatorMember[] => {
    const fields = item.fields(['name', 'organization', 'signingKey', 'networkKey']);
    const nameAt = required(fields, 'name', item);
    const name = nameField(nameAt);
    names.add(name, nameAt);
    const organization = organizationField(required(fields, 'organization', item), organizations);
    const [signingKey, networkKey] = ['signingKey', 'networkKey'].map((field) => {
      const keyAt = required(fields, field, item);
      const key = keyField(keyAt);
      keys.add(key, keyAt);
      return key;
    });
    if (!name || !organization || !signingKey || !networkKey) return [];
    return [{ name: nodeId(name), organization, signingKey, networkKey }];
  });
  return validators.sort((a, b) => ascending(a.name, b.name));
}

function readAccounts(at: Located | undefined, organizations: ReadonlySet<string>): readonly GenesisAccount[] {
  const keys = new Distinct('account key');
  const accounts = (at?.items() ?? []).flatMap((item): GenesisAccount[] => {
    const fields = item.fields(['publicKey', 'organization', 'roles']);
    const keyAt = required(fields, 'publicKey', item);
    const publicKey: PublicKeyHex | undefined = keyField(keyAt);
    keys.add(publicKey, keyAt);
    const organization = organizationField(required(fields, 'organization', item), organizations);
    const roles = readRoles(required(fields, 'roles', item));
    return publicKey && organization ? [{ publicKey, organization, roles }] : [];
  });
  return accounts.sort((a, b) => ascending(a.publicKey, b.publicKey));
}

function readRoles(at: Located | undefined): readonly Role[] {
  const distinct = new Distinct('role');
  const roles = new Set<Role>();
  for (const item of at?.items() ?? []) {
    const role = choiceField<Role>(item, ROLES);
    distinct.add(role, item);
    if (role) roles.add(role);
  }
  return ROLES.filter((role) => roles.has(role));
}

function organizationField(at: Located | undefined, known: ReadonlySet<string>): string | undefined {
  const name = nameField(at);
  if (name === undefined || known.has(name)) return name;
  return at?.problem(`organization "${name}" is not listed`, 'add it under "organizations", or correct the name');
}

/** Records the second occurrence of a value. */
class Distinct {
  readonly #kind: string;
  readonly #seen = new Map<string, string>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  add(value: string | undefined, at: Located | undefined): void {
    if (value === undefined || at === undefined) return;
    const first = this.#seen.get(value);
    if (first === undefined) this.#seen.set(value, at.path);
    else at.problem(`this ${this.#kind} stands at ${first} already`, 'remove or correct one of them');
  }
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The document of a genesis, as it is exchanged in JSON; parsing it gives the same genesis. */
export function genesisDocument(genesis: Genesis): Record<string, unknown> {
  const { protocol, parameters, validators } = genesis.configuration;
  const changed = Object.entries(parameters).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(PARAMETERS_DEFAULT[name as keyof Parameters]),
  );
  const overrides = Object.fromEntries(
    changed.map(([name, value]) => [name, name === 'timeFloor' ? new Date(Number(value)).toISOString() : value]),
  );
  return {
    title: genesis.title,
    time: new Date(genesis.time).toISOString(),
    protocol,
    ...(changed.length > 0 && { parameters: overrides }),
    organizations: genesis.organizations,
    validators,
    accounts: genesis.accounts,
  };
}
