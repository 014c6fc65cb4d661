import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { RecordDamaged } from '@varve/ledger/chain';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ApiContext } from './context.ts';
import { afterBlock, type Cursor, formatCursor, parseCursor } from './cursor.ts';
import { EVENT_TOPICS, type EventTopic, eventItems, hasEvents } from './event-items.ts';
import { EVENT_RETRY_MS, EVENT_STALL_MS, EVENT_STREAMS_MAX } from './limits.ts';
import { ApiError, problem } from './problems.ts';
import { HEIGHT_HEADER } from './reads.ts';
import { problemSchema, record } from './schemas.ts';

const query = record({
  after: Type.Optional(Type.String({ description: 'height.position.event, or a height: everything after it' })),
  topics: Type.String({ default: 'blocks', description: `some of ${EVENT_TOPICS.join(',')}` }),
});

type EventsRequest = FastifyRequest<{ Querystring: { after?: string; topics: string } }>;

/** Streams of final blocks, each read from the stored chain at its reader's pace. */
export function eventRoutes(app: FastifyInstance, context: ApiContext): void {
  let open = 0;
  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        summary: 'Server-sent events of final blocks; resume with after= or Last-Event-ID',
        produces: ['text/event-stream'],
        querystring: query,
        response: { 400: problemSchema, 410: problemSchema, 503: problemSchema },
      },
    },
    async (request: EventsRequest, reply: FastifyReply) => {
      const topics = parseTopics(request.query.topics);
      const start = startOf(context, request);
      if (open >= EVENT_STREAMS_MAX) throw new ApiError('STREAMS_FULL', `${EVENT_STREAMS_MAX} streams are open`);
      open += 1;
      reply.hijack();
      try {
        await new EventStream(context, reply.raw, topics).run(start);
      } catch (error) {
        if (error instanceof RecordDamaged) context.service.reportDamage(error);
        request.log.error({ err: error, reqId: request.id }, 'an event stream failed');
      } finally {
        open -= 1;
        if (!reply.raw.writableEnded) reply.raw.destroy();
      }
    },
  );
}

function parseTopics(text: string): ReadonlySet<EventTopic> {
  const topics = new Set<EventTopic>();
  for (const name of text.split(',')) {
    const topic = EVENT_TOPICS.find((known) => known === name);
    if (topic === undefined) {
      throw new ApiError('REQUEST_INVALID', `no topic "${name.slice(0, 40)}"; there are ${EVENT_TOPICS.join(', ')}`);
    }
    topics.add(topic);
  }
  return topics;
}

/** A browser that connects again says where it was in Last-Event-ID, which is newer than the address it first used. */
function startOf({ service, progress }: ApiContext, request: EventsRequest): Cursor {
  const last = request.headers['last-event-id'];
  const text = typeof last === 'string' && last !== '' ? last : request.query.after;
  if (text === undefined) return afterBlock(progress.finalHeight);
  const cursor = parseCursor(text);
  const first = cursor.height + 1;
  if (first <= progress.finalHeight && !hasEvents(service.ledger, first)) {
    throw new ApiError('EVENTS_PRUNED', `the block at height ${first} is gone`);
  }
  return cursor;
}

/** One reader. It holds a cursor and at most one block; what waits to be sent is the socket's business. */
class EventStream {
  readonly #context: ApiContext;
  readonly #response: ServerResponse;
  readonly #topics: ReadonlySet<EventTopic>;
  readonly #ended = new AbortController();

  constructor(context: ApiContext, response: ServerResponse, topics: ReadonlySet<EventTopic>) {
    this.#context = context;
    this.#response = response;
    this.#topics = topics;
  }

  async run(start: Cursor): Promise<void> {
    const { closing, progress, heartbeatMs, service } = this.#context;
    const end = (): void => this.#ended.abort();
    this.#response.on('close', end);
    this.#response.on('error', end);
    closing.addEventListener('abort', end);
    const heartbeat = setInterval(() => this.#heartbeat(), heartbeatMs);
    try {
      if (closing.aborted) return;
      this.#response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        [HEIGHT_HEADER]: String(progress.height),
        // Who began at the present and lost the connection before the first event resumes from here.
        'Varve-Cursor': formatCursor(start),
      });
      this.#response.write(`retry: ${EVENT_RETRY_MS}\n\n`);
      // Block 0 is the genesis document's: the stream begins with block 1.
      for (let at = Math.max(1, start.height); ; at++) {
        if (!(await progress.reach('final', at, undefined, this.#ended.signal))) return;
        if (!hasEvents(service.ledger, at)) return this.#gone(at);
        if (!(await this.#block(at, start))) return;
        // A reader of the whole chain must not hold up the node.
        await setImmediate();
      }
    } finally {
      clearInterval(heartbeat);
      closing.removeEventListener('abort', end);
    }
  }

  /** @returns Whether the reader is still there. */
  async #block(at: number, start: Cursor): Promise<boolean> {
    for (const { cursor, kind, data } of eventItems(this.#context.service.ledger, at, this.#topics, start)) {
      if (this.#ended.signal.aborted) return false;
      const isFlowing = this.#response.write(`id: ${cursor}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!isFlowing && !(await this.#drained())) return false;
    }
    return !this.#ended.signal.aborted;
  }

  /** Resolves with whether the reader took what was written, in time. */
  #drained(): Promise<boolean> {
    const { signal } = this.#ended;
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (drained: boolean): void => {
        clearTimeout(timer);
        this.#response.off('drain', onDrain);
        signal.removeEventListener('abort', onEnd);
        resolve(drained);
      };
      const onDrain = (): void => finish(true);
      const onEnd = (): void => finish(false);
      const timer = setTimeout(onEnd, EVENT_STALL_MS);
      this.#response.on('drain', onDrain);
      signal.addEventListener('abort', onEnd);
    });
  }

  /** Says that the connection lives; where data waits already, nothing needs saying. */
  #heartbeat(): void {
    if (!this.#response.writableNeedDrain) this.#response.write(': heartbeat\n\n');
  }

  #gone(at: number): void {
    const body = problem('EVENTS_PRUNED', `the block at height ${at} is gone`);
    this.#response.end(`event: problem\ndata: ${JSON.stringify(body)}\n\n`);
  }
}
