import type { Problem, StreamEvent } from './answers.ts';
import { backoffMs, delay } from './delay.ts';
import { NodeUnreachable, problemError } from './errors.ts';
import { EventParser } from './event-parser.ts';
import type { Transport } from './transport.ts';

/** What to follow, and from where. */
export interface EventsOptions {
  /** Cursor of the last item seen, or a height: everything after that block. Absent: from now on. */
  readonly after?: string | number | undefined;
  /** Default `blocks`. */
  readonly topics?: readonly ('blocks' | 'transactions' | 'events')[] | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The node says something each 15 s: this much silence means that the connection is dead. */
const SILENCE_MS = 45_000;

/**
 * Items of final blocks, each exactly once and in order. A lost connection is opened again where it was; only the
 * first one may fail.
 * @throws {NodeUnreachable} at the start; {VarveError} when the node refuses, such as `EVENTS_PRUNED`.
 */
export async function* followEvents(transport: Transport, options: EventsOptions): AsyncGenerator<StreamEvent> {
  const { signal } = options;
  let cursor = options.after === undefined ? undefined : String(options.after);
  let wasOpen = false;
  let failures = 0;
  while (!signal?.aborted) {
    try {
      for await (const item of connection(transport, options.topics ?? ['blocks'], cursor, signal)) {
        wasOpen = true;
        failures = 0;
        cursor = item.cursor;
        if (item.kind !== 'open') yield item;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const isLost = error instanceof NodeUnreachable || (wasOpen && isLater(error));
      if (!wasOpen || !isLost) throw error;
    }
    failures += 1;
    await delay(backoffMs(failures), signal).catch(() => undefined);
  }
}

function isLater(error: unknown): boolean {
  return error instanceof Error && 'retry' in error && error.retry === 'later';
}

/** The node has answered; where the stream begins, so that a start at the present is resumed exactly too. */
interface Opened {
  readonly kind: 'open';
  readonly cursor: string | undefined;
}

/** The items of one connection, until it ends; first `open`. */
async function* connection(
  transport: Transport,
  topics: readonly string[],
  cursor: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent | Opened> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  const after = cursor === undefined ? '' : `&after=${cursor}`;
  let silence = setTimeout(end, SILENCE_MS);
  try {
    const response = await transport
      .open(`/v1/events?topics=${topics.join(',')}${after}`, { signal: ended.signal })
      .catch((error: unknown) => {
        throw error instanceof NodeUnreachable ? error : new NodeUnreachable(transport.url, error);
      });
    if (!response.ok || response.body === null) throw await transport.failure(response);
    yield { kind: 'open', cursor: response.headers.get('varve-cursor') ?? cursor };
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new NodeUnreachable(transport.url, error);
      });
      if (done) return;
      // While the caller works on items nothing is read, and that is no silence.
      clearTimeout(silence);
      for (const { id, event, data } of parser.feed(decoder.decode(value, { stream: true }))) {
        if (event === 'problem') throw problemError(JSON.parse(data) as Problem);
        if (id === undefined || event === undefined) continue;
        yield { cursor: id, kind: event, data: JSON.parse(data) } as StreamEvent;
      }
      silence = setTimeout(end, SILENCE_MS);
    }
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', end);
    end();
  }
}
