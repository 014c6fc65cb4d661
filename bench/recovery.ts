import { HttpLoad } from '../apps/node/src/load/http-load.ts';
import { openLoop } from '../apps/node/src/load/throughput.ts';
import type { TransactionMaker } from '../apps/node/src/load/transactions.ts';
import { eventually, type TestDevnet } from '../test/support/devnet.ts';

/** How long a probe waits for its answer. */
const PROBE_TIMEOUT_MS = 20_000;

/**
 * Kills the leader while load runs, and takes the time until a transaction handed to another validator after the
 * death is final. Then the killed one is started again and catches up.
 * @returns Milliseconds.
 */
export async function recoveryMs(
  devnet: TestDevnet,
  maker: TransactionMaker,
  transactionsPerSecond: number,
): Promise<number> {
  const load = new HttpLoad();
  const leader = await leaderOf(devnet);
  const others = devnet.members.filter(({ name }) => name !== leader.name).map(({ httpUrl }) => httpUrl);
  const batch = 20;
  const stop = new AbortController();
  const background = openLoop(
    load,
    { urls: others, wait: 'committed', batch, concurrency: 0 },
    (count) => (stop.signal.aborted ? undefined : maker.make(count)),
    transactionsPerSecond,
    30,
  ).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  process.kill(leader.pid, 'SIGKILL');
  const died = performance.now();
  const [probe] = maker.make(1);
  if (probe === undefined) throw new Error('no probe');
  const answer = await load.post(
    `${others[0]}/v1/transactions?wait=final&timeout=${PROBE_TIMEOUT_MS}`,
    'application/cose',
    probe,
  );
  const ms = performance.now() - died;
  if (answer.status !== 200) throw new Error(`the probe was answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  stop.abort();
  await background;
  const number = devnet.members.findIndex(({ name }) => name === leader.name) + 1;
  await devnet.restart(number);
  load.close();
  return ms;
}

/** The validator that leads, as a majority names it. */
async function leaderOf(devnet: TestDevnet): Promise<TestDevnet['members'][number]> {
  let found: TestDevnet['members'][number] | undefined;
  await eventually('a leader', async () => {
    for (const member of devnet.members) {
      const status = (await (await fetch(`${member.httpUrl}/v1/status`)).json()) as { role: string };
      if (status.role === 'leader') found = member;
    }
    return found !== undefined;
  });
  if (found === undefined) throw new Error('no leader');
  return found;
}
