import { nodeId } from '@varve/encoding';
import { expect, it } from 'vitest';
import { compareEpochs, EPOCH_ZERO, type Epoch } from '../src/index.ts';

const epoch = (number: number, node: string): Epoch => ({ number, node: nodeId(node) });
const ascending: readonly Epoch[] = [
  EPOCH_ZERO,
  epoch(1, '-'),
  epoch(1, '0'),
  epoch(1, 'a'),
  epoch(1, 'a-1'),
  epoch(1, 'aa'),
  epoch(1, 'b'),
  epoch(2, 'a'),
  epoch(10, 'a'),
  epoch(2 ** 52, 'a'),
];

it('orders epochs by number, then by name bytewise', () => {
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) expect(Math.sign(compareEpochs(a, b))).toBe(Math.sign(i - j));
  }
});
