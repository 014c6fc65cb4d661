import { existsSync } from 'node:fs';
import type { Client } from '@varve/client';
import type { Configuration, ValidatorMember } from '@varve/consensus';
import { configurationHash, fromHex, isHex, nodeId, publicKeyHex } from '@varve/encoding';
import { configurationHashOf, decodeConfiguration, encodeConfiguration, NAME_PATTERN } from '@varve/ledger';
import { type ConfigurationChanges, parseConfigurationDocument } from '../../setup/configuration-document.ts';
import { readText } from '../../setup/files.ts';
import { readSharedParts } from '../../setup/key-material.ts';
import type { Options } from '../command.ts';
import { CliError, usage } from '../failure.ts';
import { protocolArgument } from '../protocols.ts';

/** What rules a node's next block, and who decides what comes after. */
export interface Present {
  readonly configuration: Configuration;
  readonly hash: string;
  readonly organizations: readonly string[];
  /** All configurations of the chain, by hash. */
  readonly known: ReadonlyMap<string, Configuration>;
}

/**
 * Asks a node for the present configuration.
 * @throws {CliError} `ANSWER_MALFORMED` when it names none.
 */
export async function presentOf(client: Client): Promise<Present> {
  const { configurations, organizations } = await client.configurations();
  const known = new Map(configurations.map(({ hash, bytes }) => [hash, decodeConfiguration(fromHex(bytes))]));
  const hash = configurations.find(({ current }) => current)?.hash ?? '';
  const configuration = known.get(hash);
  if (configuration) return { configuration, hash, organizations, known };
  throw new CliError('ANSWER_MALFORMED', `the node at ${client.url} names no present configuration`);
}

/**
 * The child of `present` with these changes.
 * @throws {LedgerError} `CONFIGURATION_MALFORMED`.
 */
export function successorOf(present: Configuration, changes: ConfigurationChanges): Configuration {
  const next: Configuration = {
    number: present.number + 1,
    parentHash: configurationHash(configurationHashOf(present)),
    protocol: changes.protocol ?? present.protocol,
    validators: changes.validators ?? present.validators,
    parameters: { ...present.parameters, ...changes.parameters },
  };
  // Decoding checks what the types do not say.
  return decodeConfiguration(encodeConfiguration(next));
}

/**
 * The configuration that the options of `governance propose` describe: first what the file says, then the flags.
 * @throws {CliError} `USAGE`, `CONFIGURATION_STALE` when the file was made from another configuration.
 */
export function nextConfiguration(present: Present, options: Options): Configuration {
  const file = options.text('from');
  const written = file === undefined ? {} : changesInFile(file, present);
  const protocol = options.text('protocol');
  const seats = seatsAfter(written.validators ?? present.configuration.validators, options);
  const next = successorOf(present.configuration, {
    ...written,
    ...(protocol !== undefined && { protocol: protocolArgument(protocol) }),
    validators: seats,
  });
  if (describeChanges(present.configuration, next).length > 0) return next;
  throw usage('nothing would change', 'say what with --protocol, --add, --remove or --from');
}

/** What differs, a line each. */
export function describeChanges(before: Configuration, after: Configuration): readonly string[] {
  const lines: string[] = [];
  if (before.protocol !== after.protocol) lines.push(`protocol ${before.protocol} becomes ${after.protocol}`);
  const seatOf = (seats: readonly ValidatorMember[], name: string): string | undefined =>
    JSON.stringify(seats.find((seat) => seat.name === name));
  for (const { name, organization } of before.validators)
    if (!seatOf(after.validators, name)) lines.push(`removes ${name} of ${organization}`);
  for (const { name, organization } of after.validators) {
    const was = seatOf(before.validators, name);
    if (was === undefined) lines.push(`adds ${name} of ${organization}`);
    else if (was !== seatOf(after.validators, name)) lines.push(`${name} gets other keys or another organization`);
  }
  const old = new Map(Object.entries(before.parameters));
  for (const [name, value] of Object.entries(after.parameters)) {
    const [was, is] = [JSON.stringify(old.get(name)), JSON.stringify(value)];
    if (was !== is) lines.push(`${name} ${was} becomes ${is}`);
  }
  return lines;
}

function changesInFile(file: string, present: Present): ConfigurationChanges {
  const { base, changes } = parseConfigurationDocument(readText(file), file, present.organizations);
  if (base === undefined || base === present.hash) return changes;
  const message = `${file} was made from configuration ${base}, but ${present.hash} rules`;
  throw new CliError('CONFIGURATION_STALE', message);
}

function seatsAfter(before: readonly ValidatorMember[], options: Options): readonly ValidatorMember[] {
  const removed = options.list('remove');
  for (const name of removed)
    if (!before.some((seat) => seat.name === name))
      throw usage(`there is no validator "${name}"`, `use one of ${before.map((seat) => seat.name).join(', ')}`);
  const seats = before.filter(({ name }) => !removed.includes(name));
  for (const text of options.list('add')) {
    const seat = seatArgument(text);
    if (seats.some(({ name }) => name === seat.name))
      throw usage(`there is a validator "${seat.name}"`, 'to give it other keys, add --remove with its name');
    seats.push(seat);
  }
  return seats.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `NAME:ORGANIZATION:SIGNINGKEY:NETWORKKEY`, or a file of `varve keys show --json`. */
function seatArgument(text: string): ValidatorMember {
  const parts = text.split(':');
  if (parts.length !== 4 && existsSync(text)) {
    const { name, organization, signingKey, networkKey } = readSharedParts(text);
    if (name && organization && signingKey && networkKey)
      return { name: nodeId(name), organization, signingKey, networkKey };
    throw new CliError('KEY_MISSING', `${text} lacks the name, the organization or a key of a validator`);
  }
  const [name = '', organization = '', signingKey = '', networkKey = ''] = parts;
  const isSeat = NAME_PATTERN.test(name) && NAME_PATTERN.test(organization);
  if (!isSeat || !isHex(signingKey, 32) || !isHex(networkKey, 32))
    throw usage(`"${text}" is no seat`, 'write NAME:ORGANIZATION:SIGNINGKEY:NETWORKKEY, or name a file of public keys');
  return {
    name: nodeId(name),
    organization,
    signingKey: publicKeyHex(signingKey),
    networkKey: publicKeyHex(networkKey),
  };
}
