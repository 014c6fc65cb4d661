import type { StreamEvent } from '@varve/client';
import { decodeResults } from '@varve/ledger';
import { eventsAt, headerAt, type Ledger, payloadAt, transactionsAt } from '@varve/ledger/chain';
import { type Cursor, formatCursor, isAfter } from './cursor.ts';
import { blockSummary, eventJson, executedJson } from './json.ts';

/** What a stream can carry: blocks, transactions, and the events of modules. */
export const EVENT_TOPICS = ['blocks', 'transactions', 'events'] as const;
export type EventTopic = (typeof EVENT_TOPICS)[number];

/** Whether this store still has everything that events of the block are made of. */
export function hasEvents(ledger: Ledger, at: number): boolean {
  return at === 0 || (headerAt(ledger, at) !== undefined && payloadAt(ledger, at) !== undefined);
}

/** The items of one final block that lie after `cursor`, in order. */
export function* eventItems(
  ledger: Ledger,
  at: number,
  topics: ReadonlySet<EventTopic>,
  cursor: Cursor,
): Generator<StreamEvent> {
  const wanted = (position: number, event: number): string | undefined => {
    const place = { height: at, position, event };
    return isAfter(place, cursor) ? formatCursor(place) : undefined;
  };
  const sealed = headerAt(ledger, at);
  const blockPlace = wanted(0, 0);
  if (sealed && blockPlace && topics.has('blocks')) {
    yield { cursor: blockPlace, kind: 'block', data: blockSummary(sealed, at) };
  }
  const withEvents = topics.has('events');
  if (withEvents) {
    const [timers] = eventsAt(ledger, at);
    for (const [i, event] of (timers?.events ?? []).entries()) {
      const place = wanted(0, i + 1);
      const data = { ...eventJson(event), height: at, transactionId: null };
      if (place) yield { cursor: place, kind: 'event', data };
    }
  }
  if (!withEvents && !topics.has('transactions')) return;
  for (const view of transactionsAt(ledger, at)) {
    const position = view.leafIndex + 1;
    const place = wanted(position, 0);
    if (place && topics.has('transactions')) yield { cursor: place, kind: 'transaction', data: executedJson(view) };
    if (!withEvents) continue;
    for (const [i, event] of decodeResults(view.results).events.entries()) {
      const eventPlace = wanted(position, i + 1);
      const data = { ...eventJson(event), height: at, transactionId: view.transaction.id };
      if (eventPlace) yield { cursor: eventPlace, kind: 'event', data };
    }
  }
}
