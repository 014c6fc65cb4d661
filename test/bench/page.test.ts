import { describe, expect, it } from 'vitest';
import { shown } from '../../bench/page/html.ts';
import { pageOf } from '../../bench/page/page.ts';
import { barPlot, linePlot } from '../../bench/page/plots.ts';
import { type PeerRun, summarize } from '../../bench/peers/report.ts';
import { BATCHES, FULL } from '../../bench/peers/system.ts';
import type { SavedResult } from '../../bench/save.ts';
import type { ScaleReport } from '../../bench/scale/measure.ts';
import { BASE } from '../../bench/scale/options.ts';

const load = { loadAverage: 1, busyCores: 2, otherCores: 0.25 };
const latencyMs = { p50: 10, p99: 20 };
const peerRun = (system: PeerRun['system'], measure: string, perSecond: number): PeerRun => ({
  ...{ system, measure, round: 1, perSecond, operations: 9, latencyMs, load },
  ...{ serverCpuMicros: 1, clientCpuMicros: 2, residentMiB: 3 },
});
const point = (validators: number, transactionsPerSecond: number): ScaleReport => ({
  ...{ ...BASE, validators, axis: 'validators', load: 'batches', transactionsPerSecond, latencyMs, cpuMicros: 5 },
  ...{
    readyMs: { last: 1500, median: 1000, again: 800 },
    residentMiB: { ready: 100, loaded: 200 },
    storeBytes: 1,
    machine: load,
  },
});
const saved = (kind: SavedResult['kind'], date: string, result: object): SavedResult => ({
  ...{ kind, date, result, machine: '2 × <Processor> & "friends"', options: { rounds: 3, json: false } },
});
const results = [
  saved('peers', '2026-01-01T00:00:00.000Z', summarize([peerRun('etcd', FULL, 4321), peerRun('varve', BATCHES, 8642)])),
  saved('scale', '2026-01-02T00:00:00.000Z', { points: [point(3, 9876), point(9, 1234)] }),
  saved('profile', '2026-01-03T00:00:00.000Z', {
    packages: [{ name: '@varve/raft', busiest: 0.5, all: 0.25 }],
    functions: [{ name: 'step <x>', busiest: 0.5, all: 0.25 }],
  }),
];

describe('the page of results', () => {
  const page = pageOf(results);

  it('needs nothing from anywhere', () => {
    expect(page).not.toMatch(/<script|<link|\b(?:src|href)=|url\(|@import|https?:/);
  });

  it('has the newest first', () => {
    const titles = [...page.matchAll(/<h2[^>]*>([^<,]*)/g)].map((match) => match[1]);
    expect(titles).toEqual(['Where time goes', 'As it grows', 'Beside etcd and ZooKeeper']);
  });

  it('has a name and figures for every plot', () => {
    const sections = page.split('<section').slice(1);
    for (const section of sections) {
      expect(section.match(/<svg /g)?.length).toBe(section.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)?.length);
      expect(section).toContain('<table>');
    }
    for (const figure of ['4,321', '8,642', '9,876', '1,234', '<th scope="row">varve in batches / etcd</th>'])
      expect(page).toContain(figure);
  });

  it('shows hostile text as text', () => {
    expect(page).toContain('2 × &lt;Processor&gt; &amp; &quot;friends&quot;; rounds 3');
    expect(page).toContain('step &lt;x&gt;');
  });

  it('says how to get results where there are none', () => {
    expect(pageOf([])).toContain('npm run bench:peers');
  });
});

describe('plots', () => {
  it('have bars as long as their values', () => {
    const widths = [
      ...barPlot(
        'bars',
        [4, 1, 0].map((value) => ({ name: 'n', value })),
      ).matchAll(/<rect[^>]* width="([\d.]+)"/g),
    ];
    const [four, one, none] = widths.map((match) => Number(match[1]));
    expect([Number(four) / Number(one), none]).toEqual([4, 0]);
  });

  it('have equal steps for equal factors', () => {
    const places = [1, 10, 100].map((x) => ({ x, y: x }));
    const across = [...linePlot('line', places).matchAll(/<circle cx="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(Number(across[1]) - Number(across[0])).toBeCloseTo(Number(across[2]) - Number(across[1]));
  });

  it.each([
    { name: 'one place', places: [{ x: 5, y: 0 }] },
    { name: 'none', places: [] },
  ])('have $name', ({ places }) => {
    expect(linePlot('line', places)).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    [1234.5, '1,235'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [7, '7'],
  ])('say %d as %s', (value, text) => {
    expect(shown(value)).toBe(text);
  });
});
