import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { expectOneChain } from './support/chain.ts';
import { varve } from './support/command.ts';
import { eventually, TestDevnet } from './support/devnet.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let devnet: TestDevnet;
beforeAll(async () => {
  devnet = await TestDevnet.start(3);
});
afterAll(() => devnet?.stop());

const governance = async (...args: readonly string[]) =>
  JSON.parse(await devnet.command('governance', ...args, '--json'));

async function failure(...args: readonly string[]): Promise<unknown> {
  const { code, stdout } = await varve(['governance', ...args, '--data', devnet.directory, '--json']);
  return { exitCode: code, ...JSON.parse(stdout) };
}

it('organizations propose, vote otherwise, withdraw, and see where it stands', async () => {
  const proposed = await governance('propose', '--remove', 'validator-3', '--as', 'org2');
  expect(proposed).toMatchObject({ status: 'final', proposalState: 'open', adopted: null });
  const id = proposed.proposalId;
  await governance('vote', id, '--reject', '--as', 'org3');
  const { proposals } = await governance('list');
  expect(proposals).toMatchObject([
    {
      proposalId: id,
      state: 'open',
      organization: 'org2',
      needed: 2,
      changes: ['removes validator-3 of org3'],
      votes: [
        { organization: 'org2', approve: true },
        { organization: 'org3', approve: false },
      ],
    },
  ]);
  expect(await governance('show', id)).toEqual(proposals[0]);
  const withdrawal = await failure('withdraw', id, '--as', 'org1');
  expect(withdrawal).toMatchObject({ exitCode: 5, outcome: { code: 'ORGANIZATION_FOREIGN' } });
  await governance('withdraw', id, '--as', 'org2');
  expect(await governance('list')).toEqual({ proposals: [] });
});

it('a validator proves with its key file that it is ready', async () => {
  const keyFile = join(devnet.members[1]?.dataDirectory ?? '', 'key.json');
  expect(await governance('ready', keyFile, '--as', 'org2')).toMatchObject({ outcome: { code: 'OK' } });
  const foreign = await failure('ready', keyFile, '--as', 'org1');
  expect(foreign).toMatchObject({ exitCode: 5, outcome: { code: 'ORGANIZATION_FOREIGN' } });
});

it('tells why a switch cannot be', async () => {
  const tell = async (...args: readonly string[]) => {
    const { code, stdout } = await varve(['devnet', 'switch', ...args, '--data', devnet.directory, '--json']);
    return { exitCode: code, ...JSON.parse(stdout) };
  };
  expect(await tell('--protocol', 'raft')).toMatchObject({ exitCode: 1, code: 'PROTOCOL_UNCHANGED' });
  // Three validators tolerate no liar, so that each organization holds one seat too many.
  const concentrated = await tell('--protocol', 'tendermint');
  expect(concentrated).toMatchObject({ exitCode: 5, outcome: { code: 'SEATS_CONCENTRATED' } });
});

it('the same configuration is listed by all, and more than half of the organizations decide the next', async () => {
  const before = await governance('show');
  expect(before).toMatchObject({ number: 0, protocol: 'raft', current: true });
  const { proposalId } = await governance('propose', '--protocol', 'tendermint', '--override');
  const decided = await governance('vote', proposalId, '--approve', '--as', 'org3');
  expect(decided).toMatchObject({ outcome: { code: 'OK' }, proposalState: 'adopted', adopted: decided.height });
  await expectOneChain(devnet.members.map((_, i) => devnet.client(i)));
  for (const { httpUrl } of devnet.members) {
    const { configurations } = await (await fetch(`${httpUrl}/v1/configurations`)).json();
    expect(configurations).toMatchObject([
      { hash: before.hash, current: false },
      { number: 1, parentHash: before.hash, protocol: 'tendermint', current: true, firstHeight: decided.height + 1 },
    ]);
  }
});

it('a validator that lost its seat says when it may stop', async () => {
  const { proposalId } = await governance('propose', '--remove', 'validator-3', '--override', '--as', 'org1');
  const voted = await devnet.command('governance', 'vote', proposalId, '--approve', '--as', 'org2');
  expect(voted).toMatch(/^leaving +a validator that lost its seat .* SAFE_TO_STOP$/m);
  const url = devnet.members[2]?.httpUrl ?? '';
  await eventually('safety', async () => {
    const { leaving } = await (await fetch(`${url}/v1/status`)).json();
    return leaving?.code === 'SAFE_TO_STOP' && leaving.quorum === 2;
  });
  const { stdout } = await varve(['query', 'status', '--node', url]);
  expect(stdout).toMatch(/^leaving +SAFE_TO_STOP: .* 2 of 2 validators report block \d+ as final$/m);
  expect(await (await fetch(`${url}/readyz?verbose`)).text()).toContain('[+] leaving: SAFE_TO_STOP');
});

it('tells that nobody is there to switch', async () => {
  await devnet.command('devnet', 'stop');
  const { code, stdout } = await varve([
    'devnet',
    'switch',
    '--protocol',
    'raft',
    '--data',
    devnet.directory,
    '--json',
  ]);
  expect({ exitCode: code, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 1, code: 'DEVNET_STOPPED' });
});
