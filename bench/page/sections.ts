import type { PeersReport } from '../peers/report.ts';
import type { ProfileReport } from '../profile-folder.ts';
import type { BenchReport } from '../report.ts';
import type { SavedResult } from '../save.ts';
import type { ScaleReport } from '../scale/measure.ts';
import { escaped, figure, shown, table } from './html.ts';
import { barPlot, linePlot } from './plots.ts';

const AXES = {
  validators: 'validators',
  keys: 'state records',
  heights: 'blocks',
  clients: 'clients, one transaction each at a time',
} as const;
const SCALE_MEASURES: readonly (readonly [string, (point: ScaleReport) => number])[] = [
  ['transactions per second', (point) => point.transactionsPerSecond],
  ['processor time per transaction and validator, µs', (point) => point.cpuMicros],
  ['resident memory of the largest validator after load, MiB', (point) => point.residentMiB.loaded],
  ['seconds until the last validator is ready', (point) => point.readyMs.last / 1000],
];

/** One kept result as a section of the page. */
export function sectionOf(saved: SavedResult): string {
  const { kind, date, machine, options, result } = saved;
  const day = `${date.slice(0, 16).replace('T', ' ')} UTC`;
  const asked = Object.entries(options)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  const id = `${kind}-${date.replaceAll(/[^0-9]/g, '')}`;
  const head = `<h2 id="${id}">${TITLES[kind]}, ${day}</h2><p>${escaped(machine)}; ${escaped(asked)}</p>`;
  return `<section aria-labelledby="${id}">${head}${BODIES[kind](result)}</section>`;
}

const TITLES: Readonly<Record<SavedResult['kind'], string>> = {
  load: 'Under load',
  profile: 'Where time goes',
  peers: 'Beside etcd and ZooKeeper',
  scale: 'As it grows',
};

const BODIES: Readonly<Record<SavedResult['kind'], (result: object) => string>> = {
  load: (result) => loadBody(result as BenchReport),
  profile: (result) => profileBody(result as ProfileReport),
  peers: (result) => peersBody(result as PeersReport),
  scale: (result) => scaleBody((result as { points: readonly ScaleReport[] }).points),
};

function peersBody({ runs, summaries, ratios }: PeersReport): string {
  const bars = summaries.map(({ system, measure, perSecond }) => {
    const all = runs.filter((run) => run.system === system && run.measure === measure).map((run) => run.perSecond);
    return { name: `${system}, ${measure}`, value: perSecond, low: Math.min(...all), high: Math.max(...all) };
  });
  const title = 'Writes per second: medians of the rounds, and their range';
  const others = Math.max(...runs.map(({ load }) => load.otherCores));
  return [
    figure(title, barPlot(title, bars)),
    table(
      'Medians of the rounds',
      ['system', 'writes/s', 'p50 ms', 'p99 ms', 'server µs', 'client µs', 'MiB'],
      summaries.map(({ system, measure, perSecond, latencyMs, serverCpuMicros, clientCpuMicros, residentMiB }) => [
        `${system}, ${measure}`,
        ...[perSecond, latencyMs.p50, latencyMs.p99, serverCpuMicros, clientCpuMicros, residentMiB],
      ]),
    ),
    table(
      'Ratios of writes per second, taken within each round',
      ['ratio', 'median', 'lowest', 'highest'],
      ratios.map(({ name, median, min, max }) => [name, median, min, max]),
    ),
    `<p>Other processes took up to ${shown(others)} cores meanwhile.</p>`,
  ].join('\n');
}

function scaleBody(points: readonly ScaleReport[]): string {
  return (Object.keys(AXES) as (keyof typeof AXES)[])
    .map((axis) => [axis, points.filter((point) => point.axis === axis)] as const)
    .filter(([, measured]) => measured.length > 0)
    .map(([axis, measured]) => {
      const plots = SCALE_MEASURES.map(([name, value]) => {
        const places = measured.map((point) => ({ x: point[axis], y: value(point) }));
        return figure(name, linePlot(`${name}, by ${AXES[axis]}`, places));
      });
      const figures = table(
        `By ${AXES[axis]}`,
        [
          AXES[axis],
          'tx/s',
          'p50 ms',
          'p99 ms',
          'CPU µs',
          'MiB ready',
          'MiB loaded',
          'all ready s',
          'one again s',
          'others, cores',
        ],
        measured.map((point) => [
          point[axis],
          ...[point.transactionsPerSecond, point.latencyMs.p50, point.latencyMs.p99, point.cpuMicros],
          ...[point.residentMiB.ready, point.residentMiB.loaded, point.readyMs.last / 1000],
          againSeconds(point.readyMs),
          point.machine.otherCores,
        ]),
      );
      return `<h3>By ${AXES[axis]}</h3><div class="plots">${plots.join('')}</div>${figures}`;
    })
    .join('\n');
}

/** Results kept before it was measured have none. */
function againSeconds({ again }: { readonly again?: number }): number | string {
  return again === undefined ? '' : again / 1000;
}

function loadBody(report: BenchReport): string {
  const title = `Transactions per second, ${report.protocol}, ${report.validators} validators`;
  const shapes = [
    ['batches', report.batches],
    ['one per request', report.single],
  ] as const;
  const bars = shapes.map(([name, { transactionsPerSecond }]) => ({ name, value: transactionsPerSecond }));
  const shapeRows = shapes.map(([name, { transactionsPerSecond, latencyMs, cpuMicros }]) => [
    name,
    ...[transactionsPerSecond, latencyMs.p50, latencyMs.p99],
    ...['total', 'verify', 'step', 'send'].map((stage) => cpuMicros[stage] ?? 0),
  ]);
  const { halfLoad, idle } = report;
  return [
    figure(title, barPlot(title, bars)),
    table(
      'Saturated; processor time in µs per transaction and validator',
      ['handed in', 'tx/s', 'p50 ms', 'p99 ms', 'total', 'verify', 'step', 'send'],
      shapeRows,
    ),
    table(
      'Latency to final, milliseconds',
      ['load', 'p50', 'p99'],
      [
        [`${halfLoad.transactionsPerSecond.toFixed(0)} per second`, halfLoad.finalMs.p50, halfLoad.finalMs.p99],
        ['idle, one at a time', idle.latencyMs.p50, idle.latencyMs.p99],
      ],
    ),
    table(
      'Of a validator',
      ['measure', 'value'],
      [
        ['resident memory, MiB', report.residentMiB],
        ['loop lag p99, ms', report.loopLagP99Ms],
        ['bytes sent per transaction', report.bytesSent],
        ['bytes written to disk per transaction', report.bytesWritten],
        ['bytes on disk per transaction', report.bytesOnDisk],
        ['others on the machine, cores', report.load.otherCores],
      ],
    ),
  ].join('\n');
}

function profileBody({ packages, functions }: ProfileReport): string {
  const title = 'Self time by package, percent of busy time of all validators';
  const percent = (share: number): number => 100 * share;
  return [
    figure(
      title,
      barPlot(
        title,
        packages.map(({ name, all }) => ({ name, value: percent(all) })),
      ),
    ),
    ...(
      [
        ['package', packages],
        ['function', functions],
      ] as const
    ).map(([kind, rows]) =>
      table(
        `Self time by ${kind}, percent of busy time`,
        [kind, 'busiest', 'all'],
        rows.map(({ name, busiest, all }) => [name, percent(busiest), percent(all)]),
      ),
    ),
  ].join('\n');
}
