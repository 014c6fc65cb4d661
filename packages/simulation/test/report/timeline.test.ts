import { describe, expect, it } from 'vitest';
import { timelineText } from '../../src/report/timeline.ts';
import type { TraceEvent } from '../../src/trace-event.ts';
import { SMALL } from './traces.ts';

const heartbeat = (at: number, node: string, peer: string, text = 'heartbeat'): TraceEvent => {
  return { at, node, kind: 'send', peer, text };
};

describe('a timeline', () => {
  it('has a line for each event: mark, time, node, kind, peer, text', () => {
    expect(timelineText(SMALL.slice(3, 11))).toBe(
      [
        '0.120  alder  role     leader of epoch 1',
        '0.130  c1     invoke   → alder  submit t1',
        '0.131  alder  persist  1 entry',
        '0.131  alder  send     → birch  append 1',
        '0.131  alder  send     → cedar  append 1',
        '0.134  birch  receive  ← alder  append 1',
        '0.135  birch  persist  1 entry',
        '0.135  birch  send     → alder  appended 1',
        '',
      ].join('\n'),
    );
  });

  it('marks what is out of the ordinary, and aligns times of any length', () => {
    const late: TraceEvent = { at: 12_345, node: 'alder', kind: 'commit', text: 'height 2' };
    expect(timelineText([...SMALL.slice(-4), late])).toBe(
      [
        '     0.900  alder  boot       height 1',
        '!    0.905  alder  fault      its clock is 2 s ahead',
        '     0.910  alder  log        caught up',
        '!!!  0.950  cedar  violation  height 1 has two hashes',
        '    12.345  alder  commit     height 2',
        '',
      ].join('\n'),
    );
  });

  it('folds repeated packets, also where those of several pairs alternate', () => {
    const events = [0, 50, 100].flatMap((at) => [heartbeat(at, 'a', 'b'), heartbeat(at, 'a', 'c')]);
    expect(timelineText([...events, heartbeat(150, 'a', 'b', 'append 1'), heartbeat(200, 'a', 'b')])).toBe(
      [
        '0.000  a  send  → b  heartbeat  ×3 until 0.100',
        '0.000  a  send  → c  heartbeat  ×3 until 0.100',
        '0.150  a  send  → b  append 1',
        '0.200  a  send  → b  heartbeat',
        '',
      ].join('\n'),
    );
  });

  it('folds nothing over an event that is no packet, and nothing but packets', () => {
    const log: TraceEvent = { at: 25, node: 'a', kind: 'log', text: 'again' };
    const lines = timelineText([heartbeat(0, 'a', 'b'), log, log, heartbeat(50, 'a', 'b')]).split('\n');
    expect(lines).toHaveLength(5);
  });

  it('tells a send from its arrival, and one direction from the other', () => {
    const there = heartbeat(0, 'a', 'b');
    const events = [there, { ...there, kind: 'receive' as const, node: 'b', peer: 'a' }, heartbeat(1, 'b', 'a')];
    expect(timelineText(events).split('\n')).toHaveLength(4);
  });

  it('shows only what was asked for, and says what came before', () => {
    const nodes = (names: readonly string[]) => timelineText(SMALL, { nodes: names });
    expect(nodes(['c1']).trimEnd().split('\n')).toHaveLength(2);
    expect(nodes(['cedar'])).toContain('alder  send       → cedar');
    expect(nodes(['cedar'])).not.toContain('birch');
    expect(
      timelineText(SMALL, { kinds: ['commit', 'final'] })
        .trimEnd()
        .split('\n'),
    ).toHaveLength(2);
    expect(timelineText(SMALL, { kinds: ['boot'], nodes: ['alder'], last: 1 })).toBe(
      '… 1 earlier events\n0.900  alder  boot  height 1\n',
    );
    expect(timelineText(SMALL, { last: 1000 })).toBe(timelineText(SMALL));
  });

  it('keeps an event on one line, and is empty without events', () => {
    const event: TraceEvent = { at: 0, node: 'a', kind: 'log', text: 'one\n  two\r\nthree' };
    expect(timelineText([event])).toBe('0.000  a  log  one ⏎ two ⏎ three\n');
    expect(timelineText([])).toBe('');
    expect(timelineText(SMALL, { last: 0 })).toBe(`… ${SMALL.length} earlier events\n`);
  });
});
