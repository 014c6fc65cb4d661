import type { TraceEvent, TraceKind } from '../trace-event.ts';
import { seconds } from './seconds.ts';

export interface TimelineOptions {
  /** Only the last so many of the events that the filters leave; by default all. */
  readonly last?: number;
  /** Only what happened to one of these, or what went between one of these and anybody. */
  readonly nodes?: readonly string[];
  readonly kinds?: readonly TraceKind[];
}

/** A line: one event, or a packet that was repeated. */
interface Line {
  readonly event: TraceEvent;
  times: number;
  until: number;
}

/** How a packet's line points at its other end. */
const ARROWS: Partial<Record<TraceKind, string>> = {
  send: '→',
  receive: '←',
  lose: '×',
  invoke: '→',
  answer: '←',
};

/** Words of one kind that stand out in a long listing. */
const MARKS: Partial<Record<TraceKind, string>> = { crash: '!', halt: '!', fault: '!', violation: '!!!' };

/**
 * A trace as text for a terminal: seconds, whom it happened to, what. A packet that repeats the last one of its kind
 * between the same two is folded into the first one's line (`×12 until 1.250`), as long as nothing but packets happened
 * in between. O(n).
 * @param events - In the order in which they happened.
 * @returns Lines that each end with a line break; empty when no event is left.
 */
export function timelineText(events: readonly TraceEvent[], options: TimelineOptions = {}): string {
  const wanted = events.filter((event) => isWanted(event, options));
  const shown = wanted.slice(Math.max(0, wanted.length - (options.last ?? wanted.length)));
  const lines = folded(shown);
  const widths = {
    time: Math.max(0, ...lines.map(({ event }) => seconds(event.at).length)),
    node: Math.max(0, ...lines.map(({ event }) => event.node.length)),
    kind: Math.max(0, ...lines.map(({ event }) => event.kind.length)),
    mark: Math.max(0, ...lines.map(({ event }) => MARKS[event.kind]?.length ?? 0)),
  };
  const left = wanted.length - shown.length;
  const head = left > 0 ? [`… ${left} earlier events`] : [];
  return [...head, ...lines.map((line) => lineText(line, widths))].map((line) => `${line}\n`).join('');
}

function isWanted({ node, peer, kind }: TraceEvent, { nodes, kinds }: TimelineOptions): boolean {
  if (kinds !== undefined && !kinds.includes(kind)) return false;
  return nodes === undefined || nodes.includes(node) || (peer !== undefined && nodes.includes(peer));
}

function folded(events: readonly TraceEvent[]): Line[] {
  const lines: Line[] = [];
  const open = new Map<string, Line>();
  for (const event of events) {
    const { kind, node, peer, text, at } = event;
    const isPacket = kind === 'send' || kind === 'receive' || kind === 'lose';
    if (!isPacket) open.clear();
    const pair = JSON.stringify([kind, node, peer]);
    const line = isPacket ? open.get(pair) : undefined;
    if (line !== undefined && line.event.text === text) {
      line.times++;
      line.until = at;
      continue;
    }
    const fresh = { event, times: 1, until: at };
    lines.push(fresh);
    if (isPacket) open.set(pair, fresh);
  }
  return lines;
}

function lineText({ event, times, until }: Line, widths: Record<'time' | 'node' | 'kind' | 'mark', number>): string {
  const { at, node, kind, peer, text } = event;
  const columns = [
    (MARKS[kind] ?? '').padEnd(widths.mark),
    seconds(at).padStart(widths.time),
    ` ${node.padEnd(widths.node)}`,
    ` ${kind.padEnd(widths.kind)}`,
  ];
  if (widths.mark === 0) columns.shift();
  const pointer = peer === undefined ? '' : `${ARROWS[kind] ?? '–'} ${peer}  `;
  const repeated = times === 1 ? '' : `  ×${times} until ${seconds(until)}`;
  return `${columns.join(' ')}  ${pointer}${text.replaceAll(/\s*[\r\n]+\s*/g, ' ⏎ ')}${repeated}`.trimEnd();
}
