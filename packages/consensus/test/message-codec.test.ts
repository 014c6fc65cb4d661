import { encodeCbor, type NodeId, toHex } from '@varve/encoding';
import { expect, it } from 'vitest';
import { BATCH_ENTRIES_MAX, BOOLEAN, type Entry, entriesAfter, messageCodec, NODE, UINT } from '../src/index.ts';
import { entryOf, names, payloadOf } from '../src/testing/index.ts';

type Message =
  | { readonly kind: 'hello'; readonly from: NodeId; readonly loud: boolean }
  | { readonly kind: 'log'; readonly after: number; readonly entries: readonly Entry[] };

const [a] = names(1) as readonly [NodeId];
const { encode, decode } = messageCodec<Message>(
  {
    hello: [1, { from: NODE, loud: BOOLEAN }],
    log: [2, { after: UINT, entries: entriesAfter(({ after }: { readonly after: number }) => after) }],
  },
  (message) => (message.kind === 'hello' && message.loud ? 'nobody shouts' : undefined),
);
const find = () => payloadOf('x');

it('writes a message as its number and its fields, in the order of the layout', () => {
  const { body, payloads } = encode({ loud: false, from: a, kind: 'hello' });
  expect([toHex(body), payloads]).toEqual(['83016161f4', []]);
  expect(decode(body, find)).toEqual({ kind: 'message', message: { kind: 'hello', from: a, loud: false } });
});

it('names payloads by id beside the body, and places entries by what comes before them', () => {
  const message: Message = { kind: 'log', after: 4, entries: [entryOf(5, 1, a, 'x'), entryOf(6, 2, a)] };
  const { body, payloads } = encode(message);
  expect(payloads).toEqual([payloadOf('x')]);
  expect(decode(body, find)).toEqual({ kind: 'message', message });
  expect(decode(body, () => undefined)).toEqual({ kind: 'missing', payloads: [payloadOf('x').id] });
});

it.each([
  ['an unknown kind', [3]],
  ['too few fields', [1, 'a']],
  ['too many fields', [1, 'a', false, 0]],
  ['a field of another type', [1, 1, false]],
  ['too many entries', [2, 0, Array.from({ length: BATCH_ENTRIES_MAX + 1 }, () => [1, 'a', null])]],
  ['what no correct node sends', [1, 'a', true]],
])('refuses %s', (_, items) => {
  expect(decode(encodeCbor(items), find).kind).toBe('malformed');
});
