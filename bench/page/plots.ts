import { escaped, shown } from './html.ts';

/** Width of every plot in its own units: about the pixels of a phone, so that its text stays legible there. */
const WIDTH = 360;
const TEXT = 12;
const BAR_ROW = 34;
const BAR = 12;
const LINE_HEIGHT = 170;
const EDGE = { left: 46, right: 22, top: 12, bottom: 24 } as const;

/** One bar; `low` and `high`, where given, are the range of what it is the median of. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Horizontal bars from 0, each under its name. */
export function barPlot(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value, high }) => Math.max(value, high ?? value)), 0);
  const scale = most > 0 ? (WIDTH - 70) / most : 0;
  const rows = bars.map(({ name, value, low, high }, i) => {
    const top = i * BAR_ROW + TEXT + 2;
    const middle = top + 4 + BAR / 2;
    const range =
      low === undefined || high === undefined || low === high
        ? ''
        : `<path class="range" d="M${at(low * scale)} ${middle}H${at(high * scale)}M${at(low * scale)} ${middle - 4}v8M${at(high * scale)} ${middle - 4}v8"/>`;
    const end = Math.max(value, high ?? value) * scale;
    return `<text x="0" y="${top}">${escaped(name)}</text><rect x="0" y="${top + 4}" width="${at(value * scale)}" height="${BAR}"/>${range}<text x="${at(end + 5)}" y="${top + 4 + BAR - 1}">${shown(value)}</text>`;
  });
  return svg(title, bars.length * BAR_ROW + 4, rows.join(''));
}

/** One measured place; x is above 0. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A line through measured places, from 0 upwards; steps along x are even by factor, not by difference. */
export function linePlot(title: string, places: readonly Place[]): string {
  const sorted = [...places].sort((a, b) => a.x - b.x);
  const [first, last] = [Math.log(sorted[0]?.x ?? 1), Math.log(sorted.at(-1)?.x ?? 1)];
  const most = Math.max(...sorted.map(({ y }) => y), 0) || 1;
  const [width, height] = [WIDTH - EDGE.left - EDGE.right, LINE_HEIGHT - EDGE.top - EDGE.bottom];
  const across = (x: number): number =>
    EDGE.left + (last > first ? ((Math.log(x) - first) / (last - first)) * width : 0);
  const down = (y: number): number => EDGE.top + height * (1 - y / most);
  const bottom = EDGE.top + height;
  const grid = [0, most / 2, most].map(
    (y) =>
      `<path class="grid" d="M${EDGE.left} ${at(down(y))}h${width}"/><text class="end" x="${EDGE.left - 5}" y="${at(down(y) + 4)}">${brief(y)}</text>`,
  );
  const points = sorted.map(({ x, y }) => [at(across(x)), at(down(y)), x] as const);
  const line = `<path class="line" d="M${points.map(([x, y]) => `${x} ${y}`).join('L')}"/>`;
  const dots = points.map(
    ([x, y, value]) =>
      `<circle cx="${x}" cy="${y}" r="4"/><text class="middle" x="${x}" y="${bottom + 16}">${brief(value)}</text>`,
  );
  return svg(title, LINE_HEIGHT, [...grid, line, ...dots].join(''));
}

function svg(title: string, height: number, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}; the table has the figures">${content}</svg>`;
}

function at(place: number): number {
  return Math.round(place * 10) / 10;
}

/** Few signs for a scale: 100000 is 100k. */
function brief(value: number): string {
  if (value >= 1e6) return `${shown(at(value / 1e6))}M`;
  return value >= 1e4 ? `${shown(at(value / 1e3))}k` : shown(at(value));
}
