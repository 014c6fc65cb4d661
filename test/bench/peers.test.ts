import { describe, expect, it } from 'vitest';
import { readPeersOptions } from '../../bench/peers/options.ts';
import { missingPackages } from '../../bench/peers/packages.ts';
import { type PeerRun, summarize } from '../../bench/peers/report.ts';
import { BATCHES, FULL, pipelined } from '../../bench/peers/system.ts';

describe('options of the comparison', () => {
  it('have defaults', () => {
    const [rounds, seconds, warmUpSeconds, inFlight, bytes] = [3, 10, 20, 1200, 300];
    const numbers = { rounds, seconds, warmUpSeconds, inFlight, bytes };
    expect(readPeersOptions([])).toEqual({ ...numbers, json: false, save: true });
    expect(readPeersOptions(['--rounds', '1', '--json', '--no-save'])).toEqual({
      ...numbers,
      rounds: 1,
      json: true,
      save: false,
    });
  });

  it.each([['--rounds', '0'], ['--seconds', '1.5'], ['--bytes', '-3'], ['--in-flight', ''], ['--what']])(
    'are not %s %s',
    (...words) => {
      expect(() => readPeersOptions(words)).toThrow();
    },
  );
});

describe('packages', () => {
  it('that are missing are named, with how to get them', () => {
    expect(missingPackages(() => true)).toBeUndefined();
    const told = missingPackages((file) => file !== '/usr/bin/etcd' && !file.includes('slf4j'));
    expect(told).toContain('of which etcd-server, libslf4j-java are not installed');
    expect(told).toContain('apt-get install --no-install-recommends etcd-server libslf4j-java');
  });
});

describe('the summary', () => {
  const run = (system: PeerRun['system'], measure: string, round: number, perSecond: number): PeerRun => ({
    ...{ system, measure, round, perSecond, operations: 1, latencyMs: { p50: 1, p99: 2 } },
    ...{ serverCpuMicros: 1, clientCpuMicros: 1, residentMiB: 1 },
    load: { loadAverage: 0, busyCores: 0, otherCores: 0 },
  });
  const runs = [
    ...[100, 400, 200].map((perSecond, at) => run('zookeeper', FULL, at + 1, perSecond)),
    ...[150, 400, 500].map((perSecond, at) => run('varve', BATCHES, at + 1, perSecond)),
  ];

  it('has medians of what was measured, and ratios of what ran in one round', () => {
    const { summaries, ratios } = summarize(runs);
    expect(summaries.map(({ system, perSecond }) => [system, perSecond])).toEqual([
      ['zookeeper', 200],
      ['varve', 400],
    ]);
    expect(ratios).toEqual([{ name: 'varve in batches / zookeeper', median: 1.5, min: 1, max: 2.5 }]);
  });
});

it('a closed loop keeps as much in flight as it may, and fails with its first write', async () => {
  let [inFlight, most, written] = [0, 0, 0];
  const write = async (): Promise<void> => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inFlight -= 1;
    written += 1;
  };
  expect((await pipelined([write, write], 5, 0.02)).operations).toBe(written);
  expect(most).toBe(5);
  await expect(pipelined([() => Promise.reject(new Error('refused'))], 1, 1)).rejects.toThrow('refused');
});
