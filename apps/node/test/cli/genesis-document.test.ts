import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSeed, publicKeyOf } from '@varve/crypto';
import { publicKeyHex, toHex } from '@varve/encoding';
import { chainIdOf } from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { initializeStore } from '../../src/host/initialize.ts';
import { SetupError } from '../../src/setup/errors.ts';
import { genesisDocument, parseGenesisDocument } from '../../src/setup/genesis-document.ts';
import { genesisJson } from '../../src/setup/genesis-file.ts';
import type { DocumentProblem } from '../../src/setup/located.ts';

const keys = Array.from({ length: 5 }, () => toHex(publicKeyOf(generateSeed())));
const [signingA, networkA, signingB, networkB, account] = keys;
const VALID = `title: Harbour ledger
time: 2026-01-31T12:00:00Z
protocol: raft
organizations:
  - {name: globex, title: Globex}
  - {name: acme, title: Acme Ltd}
validators:
  - {name: b, organization: globex, signingKey: "${signingB}", networkKey: "${networkB}"}
  - {name: a, organization: acme, signingKey: "${signingA}", networkKey: "${networkA}"}
accounts:
  - {publicKey: "${account}", organization: acme, roles: [client, admin]}
`;

function problemsOf(text: string): readonly DocumentProblem[] {
  try {
    parseGenesisDocument(text, 'genesis.yaml');
  } catch (error) {
    if (error instanceof SetupError && error.code === 'GENESIS_INVALID') {
      return (error as SetupError<'GENESIS_INVALID'>).details.problems;
    }
    throw error;
  }
  return [];
}

describe('a genesis document', () => {
  it('of a protocol without an engine is refused', () => {
    const problems = problemsOf(VALID.replace('protocol: raft', 'protocol: pbft'));
    expect(problems).toMatchObject([{ line: 3, path: 'protocol', fix: 'use one of raft, paxos, zab, tendermint' }]);
  });

  const genesis = parseGenesisDocument(VALID, 'genesis.yaml');

  it('has its sets in ascending order', () => {
    expect(genesis.configuration.validators.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(genesis.organizations.map(({ name }) => name)).toEqual(['acme', 'globex']);
    expect(genesis.accounts[0]?.roles).toEqual(['admin', 'client']);
  });

  it('has one chain id, whatever the format and the order of its lines', () => {
    const document = genesisDocument(genesis);
    const reversed = Object.fromEntries(Object.entries(document).reverse());
    for (const text of [genesisJson(genesis), stringify(document), JSON.stringify(reversed)]) {
      expect(chainIdOf(parseGenesisDocument(text, 'other'))).toBe(chainIdOf(genesis));
    }
  });

  it('keeps parameters that are not the defaults', () => {
    const changed = parseGenesisDocument(
      `${VALID}parameters: {operationsMax: 7, timeFloor: 2026-02-01T00:00:00Z}\n`,
      'g',
    );
    expect(changed.configuration.parameters.operationsMax).toBe(7);
    expect(chainIdOf(parseGenesisDocument(genesisJson(changed), 'g'))).toBe(chainIdOf(changed));
  });

  it.each([
    { name: 'an unknown field', text: `${VALID}colour: red\n`, line: 12, column: 1, path: 'colour' },
    { name: 'an unknown protocol', text: VALID.replace('raft', 'rift'), line: 3, column: 11, path: 'protocol' },
    { name: 'a malformed time', text: VALID.replace('T12:00:00Z', ''), line: 2, column: 7, path: 'time' },
    {
      name: 'a malformed name',
      text: VALID.replace('name: b', 'name: B'),
      line: 8,
      column: 12,
      path: 'validators[0].name',
    },
    {
      name: 'a second validator of a name',
      text: VALID.replace('name: a,', 'name: b,').replace('{name: b, title', '{name: acme, title'),
      line: 9,
      column: 12,
      path: 'validators[1].name',
    },
    {
      name: 'a short key',
      text: VALID.replace(`${networkA}`, 'abcd'),
      line: 9,
      column: 127,
      path: 'validators[1].networkKey',
    },
    {
      name: 'a key of small order',
      text: VALID.replace(`${networkA}`, `01${'00'.repeat(31)}`),
      line: 9,
      column: 127,
      path: 'validators[1].networkKey',
    },
    {
      name: 'a signing key of order 8',
      text: VALID.replace(`${signingA}`, '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
      line: 9,
      column: 47,
      path: 'validators[1].signingKey',
    },
    {
      name: 'an account key that is no point',
      text: VALID.replace(`${account}`, 'ff'.repeat(32)),
      line: 11,
      column: 17,
      path: 'accounts[0].publicKey',
    },
    {
      name: 'an unlisted organization',
      text: VALID.replace('organization: globex', 'organization: initech'),
      line: 8,
      column: 29,
      path: 'validators[0].organization',
    },
    { name: 'an unknown role', text: VALID.replace('client, admin', 'king'), line: 11, path: 'accounts[0].roles[0]' },
    { name: 'wrong YAML', text: `${VALID}  broken: [\n`, path: '' },
  ])('names the place of $name', ({ name: _name, text, ...place }) => {
    expect(problemsOf(text)).toContainEqual(expect.objectContaining(place));
  });

  it('says all that is wrong at once, each with a fix', () => {
    const problems = problemsOf('title: x\nprotocol: rift\n');
    expect(problems.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['"time" is missing', '"organizations" is missing', '"validators" is missing']),
    );
    expect(problems.every(({ fix }) => fix !== '')).toBe(true);
  });

  it('with an unsound key makes no database, wherever it came from', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'varve-genesis-'));
    const [validator, ...others] = genesis.configuration.validators;
    if (validator === undefined) throw new Error('the document has validators');
    const unsound = { ...validator, signingKey: publicKeyHex(`01${'00'.repeat(31)}`) };
    const configuration = { ...genesis.configuration, validators: [unsound, ...others] };
    const made = initializeStore({
      dataDirectory: folder,
      genesis: { ...genesis, configuration },
      networkKey: validator.networkKey,
    });
    await expect(made).rejects.toMatchObject({ code: 'GENESIS_MALFORMED' });
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
