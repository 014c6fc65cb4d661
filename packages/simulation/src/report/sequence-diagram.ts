import type { TraceEvent, TraceKind } from '../trace-event.ts';
import { type Layout, layOut } from './diagram-layout.ts';
import { DIAGRAM_SCRIPT } from './diagram-script.ts';
import { DIAGRAM_STYLE } from './diagram-style.ts';
import { diagramSvg } from './diagram-svg.ts';
import { escapeHtml, escapeJson } from './escape.ts';
import { seconds } from './seconds.ts';

/** Events that one page shows; browsers draw so many without a pause. */
export const DIAGRAM_EVENTS_MAX = 5_000;
/** Of these, events that follow the first violation where there are more than a page shows. */
const EVENTS_AFTER_VIOLATION = 100;

export interface SequenceDiagram {
  readonly title: string;
  /** What run this was: its seed and plan, the command that replays it. */
  readonly subtitle: string;
  /** Whose lifelines are drawn, from left to right. Everybody else shares the lane of the clients. */
  readonly nodes: readonly string[];
  /** In the order in which they happened. Those of the node `world` go across all lanes. */
  readonly events: readonly TraceEvent[];
  /** What checks found, one line each: listed above the diagram, which draws the events of kind `violation`. */
  readonly violations: readonly string[];
}

/** What each kind is called beside its filter, in the order of the filters. */
const KIND_NAMES: Readonly<Record<TraceKind, string>> = {
  violation: 'violations',
  fault: 'faults',
  boot: 'boots',
  crash: 'crashes',
  halt: 'halts',
  role: 'roles',
  commit: 'commits',
  final: 'finality',
  invoke: 'calls',
  answer: 'answers',
  send: 'packets',
  receive: 'arrivals',
  lose: 'losses',
  persist: 'disk',
  log: 'log',
};

/**
 * One HTML page with a trace as a sequence diagram: a lifeline for each node, time going down, packets from when they
 * left to when they arrived. The page loads nothing from anywhere. O(n) for the events that it shows.
 * @returns The page's text, of a few hundred bytes an event.
 */
export function sequenceDiagramHtml(diagram: SequenceDiagram): string {
  const { title, subtitle, nodes, violations } = diagram;
  const { shown, earlier, later } = windowOf(diagram.events);
  const layout = layOut(nodes, shown);
  const left = [earlier > 0 ? [`${earlier} earlier`] : [], later > 0 ? [`${later} later`] : []].flat();
  const note = left.length > 0 ? `<p class="left-out">Left out: ${left.join(' and ')} events.</p>` : '';
  const list = violations.map((text) => `<li>${escapeHtml(text)}</li>`).join('');
  const found = violations.length > 0 ? `<ul class="violations">${list}</ul>` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${DIAGRAM_STYLE}${hidingRules()}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(subtitle)}</p>
${note}${found}<form>${filters(shown)}</form>
</header>
<main>
<div class="diagram">
<div class="names" style="width: ${layout.width}px">${names(layout)}</div>
${diagramSvg(layout, downBefore(diagram.events.slice(0, earlier)))}
</div>
<ol></ol>
</main>
<div id="tip"></div>
<script type="application/json" id="events">${embedded(layout)}</script>
<script>${DIAGRAM_SCRIPT}</script>
</body>
</html>
`;
}

/** As many events as fit: the last ones, or the last ones up to the first violation and a few after it. */
function windowOf(events: readonly TraceEvent[]): { shown: readonly TraceEvent[]; earlier: number; later: number } {
  const violation = events.findIndex(({ kind }) => kind === 'violation');
  const end = violation < 0 ? events.length : Math.min(events.length, violation + 1 + EVENTS_AFTER_VIOLATION);
  const to = Math.max(end, Math.min(events.length, DIAGRAM_EVENTS_MAX));
  const from = Math.max(0, to - DIAGRAM_EVENTS_MAX);
  return { shown: events.slice(from, to), earlier: from, later: events.length - to };
}

/** Nodes that had crashed or halted and were not up again. */
function downBefore(events: readonly TraceEvent[]): Set<string> {
  const down = new Set<string>();
  for (const { kind, node } of events) {
    if (kind === 'crash' || kind === 'halt') down.add(node);
    if (kind === 'boot') down.delete(node);
  }
  return down;
}

function kindNames(): readonly [TraceKind, string][] {
  return Object.entries(KIND_NAMES) as [TraceKind, string][];
}

function hidingRules(): string {
  return kindNames()
    .map(([kind]) => `.hide-${kind} .k-${kind} { display: none; }`)
    .join('\n');
}

function filters(events: readonly TraceEvent[]): string {
  const counts = new Map<TraceKind, number>();
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return kindNames()
    .filter(([kind]) => counts.has(kind))
    .map(([kind, name]) => {
      const count = `<span class="count">${counts.get(kind)}</span>`;
      return `<label><input type="checkbox" data-kind="${kind}" checked>${name} ${count}</label>`;
    })
    .join('');
}

function names({ lanes }: Layout): string {
  return lanes.map(({ name, x }) => `<span style="left: ${x}px">${escapeHtml(name)}</span>`).join('');
}

/** The events for the list and for what is shown at the pointer, and which of them to begin at. */
function embedded({ placed }: Layout): string {
  const events = placed.map(({ event: { at, node, kind, text, peer }, y }) => {
    return { at: seconds(at), node, kind, text, peer, y };
  });
  const violation = placed.findIndex(({ event }) => event.kind === 'violation');
  return escapeJson({ events, violation: violation < 0 ? null : violation });
}
