import type { TraceEvent } from '../trace-event.ts';

/** Where the lifelines stand and how time becomes height; all in pixels. */
const GUTTER = 84;
const LANE_WIDTH = 182;
const ROW_HEIGHT = 15;
const TOP = 18;
/** How far an arrow starts below the middle of its row: its label stands on it, in line with the labels of marks. */
const ARROW_OFFSET = 6;
/** How much a pause adds to the height at most; it grows with the logarithm of the pause. */
const PAUSE_HEIGHT_MAX = 56;
/** Of a text that goes across: how broad a character is, and how many lines there are at most. */
const CHARACTER_WIDTH = 7;
const ACROSS_LINES_MAX = 4;
/** Lane of all who are no node of the diagram. */
export const CLIENTS_LANE = 'clients';
/** Whom faults of the network happen to: they go across all lanes. */
const WORLD = 'world';

export interface Lane {
  readonly name: string;
  readonly x: number;
}

/** An event with its place in the picture. */
export interface PlacedEvent {
  readonly event: TraceEvent;
  /** Index among the events that are shown. */
  readonly index: number;
  /** `undefined`: goes across all lanes. */
  readonly lane: Lane | undefined;
  /** The other end's lane, where that is another one. */
  readonly peer: Lane | undefined;
  readonly y: number;
  /** Lines of text of an event that goes across. */
  readonly lines: readonly string[];
}

/** A time beside the picture. `pauseMs`: how long nothing had happened before. */
export interface Tick {
  readonly at: number;
  readonly y: number;
  readonly pauseMs: number;
}

export interface Layout {
  readonly lanes: readonly Lane[];
  readonly placed: readonly PlacedEvent[];
  readonly ticks: readonly Tick[];
  readonly width: number;
  readonly height: number;
}

/**
 * Places events so that no two labels cover each other: time goes down, each moment has its rows, and what happens at
 * one moment in one gap between two lanes stands in rows of its own. Long pauses are shortened. O(n).
 * @param nodes - Names of the lanes, from left to right; a lane for clients comes first where it is needed.
 */
export function layOut(nodes: readonly string[], events: readonly TraceEvent[]): Layout {
  const lanes = lanesOf(nodes, events);
  const width = GUTTER + Math.max(1, lanes.length) * LANE_WIDTH;
  const byName = new Map(lanes.map((lane) => [lane.name, lane]));
  const laneOf = (name: string): Lane | undefined =>
    name === WORLD ? undefined : (byName.get(name) ?? byName.get(CLIENTS_LANE));
  const placed: PlacedEvent[] = [];
  const ticks: Tick[] = [];
  let rows = new Rows(lanes, TOP);
  let now: number | undefined;
  events.forEach((event, index) => {
    if (event.at !== now) {
      const pauseMs = now === undefined ? 0 : event.at - now;
      rows = new Rows(lanes, now === undefined ? TOP : rows.bottom + pauseHeight(pauseMs));
      ticks.push({ at: event.at, y: rows.top, pauseMs });
      now = event.at;
    }
    const lane = laneOf(event.node);
    const other = event.peer === undefined ? undefined : laneOf(event.peer);
    const peer = other === lane ? undefined : other;
    if (lane === undefined || event.kind === 'violation') {
      const text = event.node === WORLD ? event.text : `${event.node}: ${event.text}`;
      const lines = wrapped(text, (width - GUTTER - 24) / CHARACTER_WIDTH);
      placed.push({ event, index, lane: undefined, peer: undefined, y: rows.across(lines.length), lines });
    } else {
      const y = event.kind === 'receive' || event.kind === 'lose' ? rows.top : rows.beside(lane, peer);
      placed.push({ event, index, lane, peer, y, lines: [] });
    }
  });
  return { lanes, placed, ticks, width, height: rows.bottom + 2 * ROW_HEIGHT };
}

function lanesOf(nodes: readonly string[], events: readonly TraceEvent[]): Lane[] {
  const known = new Set([...nodes, WORLD]);
  const isForeign = (name: string | undefined): boolean => name !== undefined && !known.has(name);
  const hasClients = events.some(({ node, peer }) => isForeign(node) || isForeign(peer));
  const names = hasClients && !known.has(CLIENTS_LANE) ? [CLIENTS_LANE, ...nodes] : [...nodes];
  return names.map((name, i) => ({ name, x: GUTTER + 24 + i * LANE_WIDTH }));
}

function pauseHeight(pauseMs: number): number {
  return Math.min(PAUSE_HEIGHT_MAX, Math.round(4 * Math.log2(1 + pauseMs / 5)));
}

/** The rows of one moment: how far down each gap between lanes is used. */
class Rows {
  readonly top: number;
  readonly #lanes: readonly Lane[];
  /** For the gap before the first lane, then the one after each lane: where its next row is. */
  readonly #next: number[];

  constructor(lanes: readonly Lane[], top: number) {
    this.top = top;
    this.#lanes = lanes;
    this.#next = new Array<number>(lanes.length + 1).fill(top);
  }

  get bottom(): number {
    return Math.max(this.top + ROW_HEIGHT, ...this.#next);
  }

  /** Where in a row of its own an event is drawn whose label stands right of `lane`, or left of it on the way to a `peer` there. */
  beside(lane: Lane, peer: Lane | undefined): number {
    const gap = this.#lanes.indexOf(lane) + (peer !== undefined && peer.x < lane.x ? 0 : 1);
    const y = this.#next[gap] ?? this.top;
    this.#next[gap] = y + ROW_HEIGHT;
    return peer === undefined ? y : y + ARROW_OFFSET;
  }

  /** Rows that belong to one event alone. */
  across(count: number): number {
    const y = Math.max(...this.#next);
    this.#next.fill(y + count * ROW_HEIGHT + 12);
    return y;
  }
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  if (lines.length <= ACROSS_LINES_MAX) return lines;
  return [...lines.slice(0, ACROSS_LINES_MAX - 1), `${lines[ACROSS_LINES_MAX - 1]} …`];
}
