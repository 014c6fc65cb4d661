import type { TraceEvent } from '../../src/trace-event.ts';

export const NODES = ['alder', 'birch', 'cedar'] as const;

/** Three nodes, one block, a crash and a boot, a lost packet, a fault of the network and a violation. */
export const SMALL: readonly TraceEvent[] = [
  { at: 0, node: 'alder', kind: 'boot', text: 'height 0' },
  { at: 0, node: 'birch', kind: 'boot', text: 'height 0' },
  { at: 1, node: 'cedar', kind: 'boot', text: 'height 0' },
  { at: 120, node: 'alder', kind: 'role', text: 'leader of epoch 1' },
  { at: 130, node: 'c1', kind: 'invoke', peer: 'alder', id: 1, text: 'submit t1' },
  { at: 131, node: 'alder', kind: 'persist', text: '1 entry' },
  { at: 131, node: 'alder', kind: 'send', peer: 'birch', id: 10, text: 'append 1' },
  { at: 131, node: 'alder', kind: 'send', peer: 'cedar', id: 11, text: 'append 1' },
  { at: 134, node: 'birch', kind: 'receive', peer: 'alder', id: 10, text: 'append 1' },
  { at: 135, node: 'birch', kind: 'persist', text: '1 entry' },
  { at: 135, node: 'birch', kind: 'send', peer: 'alder', id: 12, text: 'appended 1' },
  { at: 137, node: 'cedar', kind: 'lose', peer: 'alder', id: 11, text: 'append 1' },
  { at: 139, node: 'alder', kind: 'receive', peer: 'birch', id: 12, text: 'appended 1' },
  { at: 139, node: 'alder', kind: 'commit', text: 'height 1' },
  { at: 140, node: 'alder', kind: 'final', text: 'height 1' },
  { at: 140, node: 'c1', kind: 'answer', peer: 'alder', id: 1, text: 't1 is at height 1, leaf 0' },
  { at: 400, node: 'world', kind: 'fault', text: 'alder | birch cedar' },
  { at: 520, node: 'alder', kind: 'crash', text: 'during a write' },
  { at: 900, node: 'alder', kind: 'boot', text: 'height 1' },
  { at: 905, node: 'alder', kind: 'fault', text: 'its clock is 2 s ahead' },
  { at: 910, node: 'alder', kind: 'log', text: 'caught up' },
  { at: 950, node: 'cedar', kind: 'violation', text: 'height 1 has two hashes' },
];

/** `count` packets between two nodes, each of which arrives. */
export function traffic(count: number): TraceEvent[] {
  return Array.from({ length: count }, (_, i): TraceEvent[] => {
    const [from, to] = i % 2 === 0 ? ['alder', 'birch'] : ['birch', 'alder'];
    const packet = { id: i, text: `packet ${i}` };
    return [
      { at: 10 * i, node: from as string, kind: 'send', peer: to as string, ...packet },
      { at: 10 * i + 4, node: to as string, kind: 'receive', peer: from as string, ...packet },
    ];
  }).flat();
}
