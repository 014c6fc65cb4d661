import { describe, expect, it } from 'vitest';
import { DIAGRAM_EVENTS_MAX, type SequenceDiagram, sequenceDiagramHtml } from '../../src/report/sequence-diagram.ts';
import type { TraceEvent } from '../../src/trace-event.ts';
import { NODES, SMALL, traffic } from './traces.ts';

function pageOf(events: readonly TraceEvent[], other: Partial<SequenceDiagram> = {}): string {
  const violations = ['height 1 has two hashes'];
  return sequenceDiagramHtml({ title: 'A run', subtitle: 'seed 7', nodes: NODES, events, violations, ...other });
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

/** Every element that was opened and not closed, or closed and not opened, outside of scripts and styles. */
function unbalanced(html: string): string[] {
  const markup = html.replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '').replaceAll(/<!doctype[^>]*>/g, '');
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name = '', rest = ''] of markup.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/gi)) {
    if (slash === '/') {
      if (open.pop() !== name) wrong.push(name);
    } else if (!rest.endsWith('/') && !['meta', 'input'].includes(name)) open.push(name);
  }
  return [...wrong, ...open];
}

interface Embedded {
  readonly events: readonly { readonly at: string; readonly text: string; readonly kind: string; readonly y: number }[];
  readonly violation: number | null;
}

function embedded(html: string): Embedded {
  const json = /<script type="application\/json" id="events">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  return JSON.parse(json) as Embedded;
}

/** The group of one event of the diagram. */
function groupOf(html: string, index: number): string {
  return new RegExp(`<g class="e k-[a-z]+" data-i="${index}">.*?(?=<g class="e|</svg>)`, 's').exec(html)?.[0] ?? '';
}

describe('a sequence diagram', () => {
  const html = pageOf(SMALL);

  it('is one well-formed page that asks nothing of anybody', () => {
    expect(unbalanced(html)).toEqual([]);
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain('<title>A run</title>');
    expect(html.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|\bsrc=|<link|@import/);
    expect(html).toContain("default-src 'none'");
    expect(html.replaceAll(/<script>.*?<\/script>/gs, '')).not.toMatch(/undefined|NaN|Infinity/);
  });

  it('has a lane for every node, and one for the clients only where there are any', () => {
    const names = [...html.matchAll(/<span style="left: \d+px">([^<]*)<\/span>/g)].map((match) => match[1]);
    expect(names).toEqual(['clients', ...NODES]);
    expect(count(html, /class="lane"/g)).toBe(4);
    expect(count(pageOf(traffic(1)), /class="lane"/g)).toBe(3);
  });

  it('draws each packet from when it left to when it arrived, or to a cross', () => {
    expect(count(html, /class="arrow packet"/g)).toBe(2);
    expect(count(html, /class="arrow call"/g)).toBe(2);
    expect(count(html, /class="arrow lost"/g)).toBe(1);
    expect(count(html, /class="cross"/g)).toBe(1);
    expect(groupOf(html, 7)).toContain('class="cross"');
    const [, x1, y1, x2, y2] = /class="arrow packet" d="M(\d+) (\d+)L(\d+) (\d+)"/.exec(groupOf(html, 6)) ?? [];
    expect(Number(x2) - Number(x1)).toBe(182);
    expect(Number(y2)).toBeGreaterThan(Number(y1));
  });

  it('draws duplicates twice, and packets whose other end is not shown as stubs', () => {
    const [send, receive] = traffic(1) as [TraceEvent, TraceEvent];
    expect(count(pageOf([send, receive, { ...receive, at: 9 }]), /class="arrow packet"/g)).toBe(2);
    expect(count(pageOf([send]), /class="arrow open"/g)).toBe(1);
    expect(count(pageOf([receive]), /class="arrow open arrives"/g)).toBe(1);
    expect(count(html, /class="arrow open/g)).toBe(0);
  });

  it('never lets a packet arrive above where it left', () => {
    const [send, receive] = traffic(1) as [TraceEvent, TraceEvent];
    const log: TraceEvent = { at: 0, node: 'alder', kind: 'log', text: 'before it' };
    const page = pageOf([log, log, send, { ...receive, at: 0 }]);
    const [, from, to] = /class="arrow packet" d="M\d+ (\d+)L\d+ (\d+)"/.exec(page) ?? [];
    expect(Number(to)).toBeGreaterThanOrEqual(Number(from));
  });

  it('lets time go downward, with every event at a height of its own moment', () => {
    const { events } = embedded(html);
    expect(events).toHaveLength(SMALL.length);
    for (const [i, event] of events.entries()) {
      const later = events.slice(i + 1).filter(({ at }) => Number(at) > Number(event.at));
      expect(later.every(({ y }) => y > event.y)).toBe(true);
    }
  });

  it('gives labels and bands rows of their own', () => {
    const log: TraceEvent = { at: 131, node: 'alder', kind: 'log', text: 'x' };
    const fault: TraceEvent = { at: 131, node: 'world', kind: 'fault', text: 'y' };
    const page = pageOf([...SMALL.slice(0, 8), log, fault, log, fault, ...SMALL.slice(8)]);
    const labels = [...page.matchAll(/<text x="(\d+)" y="(\d+)"/g)].map((match) => match.slice(1).map(Number));
    for (const [i, [x, y]] of labels.entries()) {
      for (const [x2, y2] of labels.slice(i + 1)) {
        if (Math.abs((x ?? 0) - (x2 ?? 0)) < 20) expect(Math.abs((y ?? 0) - (y2 ?? 0))).toBeGreaterThanOrEqual(11);
      }
    }
    const bands = [...page.matchAll(/class="band" x="84" y="(\d+)"[^>]* height="(\d+)"/g)];
    expect(bands).toHaveLength(4);
    for (const [, top, height] of bands) {
      const inside = labels.filter(([, y = 0]) => y - 8 < Number(top) + Number(height) && y > Number(top));
      expect(inside).toHaveLength(1);
    }
  });

  it('shades a node from its crash to its boot, or to the end', () => {
    const shades = (page: string) =>
      [...page.matchAll(/class="down" x="(\d+)" y="(\d+)" width="18" height="(\d+)"/g)].map((match) =>
        match.slice(1).map(Number),
      );
    const { events } = embedded(html);
    const [crash = 0, boot = 0] = [17, 18].map((i) => events[i]?.y);
    expect(shades(html)).toEqual([[expect.any(Number), crash, boot - crash]]);
    const height = Number(/<svg[^>]* height="(\d+)"/.exec(pageOf(SMALL.slice(0, 18)))?.[1]);
    expect(shades(pageOf(SMALL.slice(0, 18)))).toEqual([[expect.any(Number), crash, height - crash]]);
    const halted = SMALL.map((event) => (event.kind === 'crash' ? { ...event, kind: 'halt' as const } : event));
    expect(shades(pageOf(halted))).toEqual(shades(html));
  });

  it('writes commits with their height, faults as bands or marks, violations in bands of their own', () => {
    expect(groupOf(html, 13)).toMatch(/k-commit.*<circle r="5"\/>.*>height 1</s);
    expect(groupOf(html, 16)).toMatch(/k-fault.*class="band".*⚡ alder \| birch cedar/s);
    expect(groupOf(html, 19)).toMatch(/k-fault.*class="mark".*its clock is 2 s ahead/s);
    expect(groupOf(html, 21)).toMatch(/k-violation.*class="band".*✗ cedar: height 1 has two hashes/s);
    expect(html).toContain('<ul class="violations"><li>height 1 has two hashes</li></ul>');
    expect(embedded(html).violation).toBe(21);
    expect(pageOf([], { violations: [] })).not.toContain('<ul');
  });

  it('has a filter for each kind there is', () => {
    const kinds = [...html.matchAll(/data-kind="([a-z]+)" checked>\S+ <span class="count">(\d+)</g)];
    const counts = Object.fromEntries(kinds.map((match) => [match[1], Number(match[2])]));
    const expected: Record<string, number> = {};
    for (const { kind } of SMALL) expected[kind] = (expected[kind] ?? 0) + 1;
    expect(counts).toEqual(expected);
    for (const kind of Object.keys(expected)) expect(html).toContain(`.hide-${kind} .k-${kind} {`);
  });

  it('escapes every text, in markup and in the embedded events', () => {
    const evil = `</script><script>alert(1)</script><!-- & " ' \u2028 \ud800 \u0000`;
    const events = SMALL.map((event) => ({ ...event, text: evil, node: event.node === 'c1' ? evil : event.node }));
    const page = pageOf(events, { title: evil, subtitle: evil, violations: [evil], nodes: [...NODES, evil] });
    expect(count(page, /<script/g)).toBe(2);
    expect(count(page, /<\/script/g)).toBe(2);
    expect(page).not.toContain('<!--');
    expect(page).not.toContain('alert(1)</');
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(1)');
    expect(unbalanced(page)).toEqual([]);
    expect(embedded(page).events[0]?.text).toBe(evil);
    expect(page.isWellFormed()).toBe(true);
    expect(page).not.toContain('\u0000');
    const short = pageOf(SMALL.map((event) => ({ ...event, text: '<b>&' })));
    expect(count(short, /&lt;b&gt;&amp;</g)).toBeGreaterThan(15);
    expect(count(short, /<b>/g)).toBe(0);
  });

  it('keeps labels short and what goes across in few lines', () => {
    const text = 'word '.repeat(300);
    const page = pageOf([
      { at: 0, node: 'alder', kind: 'log', text },
      { at: 0, node: 'alder', kind: 'violation', text },
    ]);
    expect(groupOf(page, 0)).toMatch(/>(word ){5}wor…</);
    expect(count(groupOf(page, 1), /<text/g)).toBe(4);
    expect(groupOf(page, 1)).toContain(' …</text>');
  });
});

describe('a diagram of more events than it shows', () => {
  const many = traffic(3000);

  it('keeps the last ones', () => {
    const html = pageOf(many);
    const { events } = embedded(html);
    expect(events).toHaveLength(DIAGRAM_EVENTS_MAX);
    expect(events.at(-1)?.text).toBe('packet 2999');
    expect(html).toContain('Left out: 1000 earlier events.');
    expect(pageOf(SMALL)).not.toContain('Left out');
  });

  it('keeps the last ones before the first violation, and a few after it', () => {
    const violation: TraceEvent = { at: 29_000, node: 'world', kind: 'violation', text: 'forked' };
    const html = pageOf([...many.slice(0, 5800), violation, ...many.slice(5800), ...many]);
    const { events, violation: index } = embedded(html);
    expect(events).toHaveLength(DIAGRAM_EVENTS_MAX);
    expect(index).toBe(DIAGRAM_EVENTS_MAX - 101);
    expect(html).toContain('Left out: 901 earlier and 6100 later events.');
    const early = embedded(pageOf([violation, ...many]));
    expect(early.events).toHaveLength(DIAGRAM_EVENTS_MAX);
    expect(early.violation).toBe(0);
  });

  it('knows who was down before it begins', () => {
    const crash: TraceEvent = { at: 0, node: 'cedar', kind: 'crash', text: '' };
    expect(count(pageOf([crash, ...many]), /class="down"/g)).toBe(1);
    expect(count(pageOf([crash, { ...crash, kind: 'boot' }, ...many]), /class="down"/g)).toBe(0);
  });

  it('is written in a second', () => {
    const started = performance.now();
    const html = pageOf(many);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(html.length).toBeLessThan(3_000_000);
  });
});
