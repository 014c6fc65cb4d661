import type { TraceKind } from '../trace-event.ts';
import { arrowsSvg, group, isArrow, labelOf } from './diagram-arrows.ts';
import type { Lane, Layout, PlacedEvent, Tick } from './diagram-layout.ts';
import { escapeHtml } from './escape.ts';
import { seconds } from './seconds.ts';

/** A pause before a moment of at least so long is written out, and a line drawn across. */
const PAUSE_NAMED_MS = 100;

/** What stands on a lane for an event of a kind, around the point (0, 0). */
const SHAPES: Readonly<Record<TraceKind, string>> = {
  boot: '<path d="M-5 4L0 -5L5 4Z"/>',
  crash: '<path d="M-5 -5L5 5M5 -5L-5 5"/>',
  halt: '<rect x="-5" y="-5" width="10" height="10"/>',
  send: '<circle r="2"/>',
  receive: '<circle r="2"/>',
  lose: '<circle r="2"/>',
  persist: '<rect x="-3" y="-3" width="6" height="6"/>',
  commit: '<circle r="5"/>',
  final: '<circle r="5"/><circle class="core" r="2"/>',
  role: '<path d="M0 -5L5 0L0 5L-5 0Z"/>',
  log: '<circle r="2.5"/>',
  invoke: '<circle r="3"/>',
  answer: '<circle r="3"/>',
  fault: '<path d="M-4 -6L3 -6L0 -1L4 -1L-3 7L-1 1L-4 1Z"/>',
  violation: '<circle r="8"/>',
};

/**
 * The picture of a trace that was laid out, as the text of one `svg` element whose groups carry their event's index.
 * @param downAtStart - Lanes of nodes that were down before the first event that is shown.
 */
export function diagramSvg(layout: Layout, downAtStart: ReadonlySet<string>): string {
  const { lanes, placed, ticks, width, height } = layout;
  const acrossLanes = placed.filter(({ lane }) => lane === undefined);
  const parts = [
    ...ticks.flatMap((tick) => tickSvg(tick, width)),
    ...lanes.map(({ x }) => `<path class="lane" d="M${x} 0V${height}"/>`),
    ...lanes.flatMap((lane) => downSvg(lane, placed, downAtStart.has(lane.name), height)),
    ...acrossLanes.map((item) => acrossSvg(item, width)),
    ...arrowsSvg(placed),
    ...placed.flatMap((item) => markSvg(item)),
  ];
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">${DEFINITIONS}${parts.join('\n')}</svg>`;
}

/** Arrowheads, one for each colour of arrow, and the hatching of a node that is down. */
const DEFINITIONS = `<defs>${['packet', 'call', 'open']
  .map(
    (name) =>
      `<marker id="head-${name}" class="head ${name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8Z"/></marker>`,
  )
  .join('')}<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<path class="hatch" d="M0 0V6"/></pattern></defs>`;

function tickSvg({ at, y, pauseMs }: Tick, width: number): string[] {
  const time = `<text class="tick" x="74" y="${y + 4}">${seconds(at)}</text>`;
  if (pauseMs < PAUSE_NAMED_MS) return [time];
  const above = y - 14;
  return [
    `<path class="pause" d="M8 ${above}H${width}"/><text class="tick pause" x="74" y="${above - 3}">+${seconds(pauseMs)}</text>`,
    time,
  ];
}

/** Shade from a crash or halt until the next boot, or the end. */
function downSvg(lane: Lane, placed: readonly PlacedEvent[], isDownAtStart: boolean, height: number): string[] {
  const rectangles: string[] = [];
  let since = isDownAtStart ? 0 : undefined;
  const shade = (from: number, to: number): void => {
    rectangles.push(`<rect class="down" x="${lane.x - 9}" y="${from}" width="18" height="${Math.max(2, to - from)}"/>`);
  };
  for (const { event, lane: own, y } of placed) {
    if (own !== lane) continue;
    if (event.kind === 'crash' || event.kind === 'halt') since ??= y;
    if (event.kind === 'boot' && since !== undefined) {
      shade(since, y);
      since = undefined;
    }
  }
  if (since !== undefined) shade(since, height);
  return rectangles;
}

/** A band over all lanes. */
function acrossSvg(item: PlacedEvent, width: number): string {
  const { event, y, lines } = item;
  const isViolation = event.kind === 'violation';
  const texts = lines.map((line, i) => {
    const prefix = i === 0 ? (isViolation ? '✗ ' : '⚡ ') : '';
    return `<text x="96" y="${y + 12 + i * 15}">${escapeHtml(prefix + line)}</text>`;
  });
  const band = `<rect class="band" x="84" y="${y}" width="${width - 92}" height="${lines.length * 15 + 3}" rx="3"/>`;
  return group(item, [band, ...texts]);
}

/** A mark on the lane, with its text on the right. */
function markSvg(item: PlacedEvent): string[] {
  const { event, lane, y } = item;
  if (lane === undefined || isArrow(item)) return [];
  return [
    group(item, [
      `<g class="mark" transform="translate(${lane.x} ${y})"><circle class="hit" r="8"/>${SHAPES[event.kind]}</g>`,
      `<text x="${lane.x + 11}" y="${y + 4}">${labelOf(item)}</text>`,
    ]),
  ];
}
