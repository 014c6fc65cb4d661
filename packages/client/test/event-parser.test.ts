import { expect, it } from 'vitest';
import { EventParser } from '../src/event-parser.ts';

const text =
  'retry: 1000\n\n: heartbeat\n\nid: 1.0.0\nevent: block\ndata: {"a":1}\n\nid:2\r\ndata:x\r\ndata: y\r\nother\r\n\r\nevent: none\n\n';
const events = [
  { id: '1.0.0', event: 'block', data: '{"a":1}' },
  { id: '2', event: undefined, data: 'x\ny' },
];

it('gives the same events however the stream is cut', () => {
  for (let size = 1; size <= text.length; size++) {
    const parser = new EventParser();
    const seen = [];
    for (let at = 0; at < text.length; at += size) seen.push(...parser.feed(text.slice(at, at + size)));
    expect(seen).toEqual(events);
  }
});

it('gives nothing of an event that was cut off', () => {
  expect(new EventParser().feed('id: 1\ndata: x\n')).toEqual([]);
});

it.each(['data: ', 'data: x\n'])('refuses an event without end made of %j', (piece) => {
  const parser = new EventParser(1000);
  expect(() => {
    for (let fed = 0; fed <= 10_000; fed += piece.length) parser.feed(piece);
  }).toThrow('ANSWER_MALFORMED');
});
