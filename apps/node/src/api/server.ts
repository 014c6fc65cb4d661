import { setMaxListeners } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { RecordDamaged } from '@varve/ledger/chain';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { NodeService } from '../host/service.ts';
import { blockRoutes } from './blocks.ts';
import { readBodies } from './bodies.ts';
import { consistencyRoutes } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { describeRoutes, docsRoutes } from './docs.ts';
import { ApiStartError } from './errors.ts';
import { errorsRoutes } from './errors-page.ts';
import { eventRoutes } from './events.ts';
import { evidenceRoutes } from './evidence.ts';
import { Explorer } from './explorer.ts';
import { installFallback } from './fallback.ts';
import { genesisRoutes } from './genesis.ts';
import { healthRoutes } from './health.ts';
import {
  CLOSE_GRACE_MS,
  CONNECTIONS_CHECK_MS,
  CONNECTIONS_MAX,
  HEADERS_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  HEARTBEAT_MS,
  HEIGHT_WAIT_MS,
  KEEP_ALIVE_MS,
  REQUEST_TIMEOUT_MS,
  SEQUENCE_BODY_BYTES_MAX,
  WAITING_TRANSACTIONS_MAX,
} from './limits.ts';
import { memberRoutes } from './members.ts';
import { Metrics, metricsRoutes } from './metrics.ts';
import { problem } from './problems.ts';
import { Progress } from './progress.ts';
import { HEIGHT_HEADER, minHeightOf, reach } from './reads.ts';
import { errorReply, PROBLEM_TYPE } from './replies.ts';
import { searchRoutes } from './search.ts';
import { stateRoutes } from './state.ts';
import { guard } from './token.ts';
import { transactionRoutes } from './transactions.ts';
import { Waiters } from './waiters.ts';

/** Where and for whom the API is served. */
export interface ApiOptions {
  /** An address, such as `127.0.0.1`. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** When given, everything under `/v1` and `/metrics` demands it as a bearer token. */
  readonly token?: string;
  /** Built files of the explorer, served at `/`; nothing is where there is no such folder. */
  readonly explorerDir?: string;
  readonly logger?: FastifyBaseLogger;
  /** Milliseconds between heartbeats of event streams; default 15,000. */
  readonly heartbeatMs?: number;
  /** How long a read waits for its height, milliseconds; default 5,000. */
  readonly heightWaitMs?: number;
  /** How many transactions may be waited for; default 50,000. */
  readonly waitingMax?: number;
}

/** The API of one node. */
export interface Api {
  /** Begins to serve. @throws {ApiStartError} `PORT_IN_USE`, `LISTEN_FAILED`. */
  listen(): Promise<void>;
  /** Lets waiting requests answer with what is known, ends event streams, and frees the port. */
  close(): Promise<void>;
  /** Such as `http://127.0.0.1:7701`; the port is the real one once it listens. */
  readonly address: string;
  /** The server itself, for requests without a socket. */
  readonly server: FastifyInstance;
}

/**
 * The HTTP API over a node.
 * @throws {ApiStartError} `EXPLORER_UNREADABLE`.
 */
export async function createApi(service: NodeService, options: ApiOptions): Promise<Api> {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const context: ApiContext = {
    service,
    progress: new Progress(service.view()),
    waiters: new Waiters(options.waitingMax ?? WAITING_TRANSACTIONS_MAX),
    heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
    heightWaitMs: options.heightWaitMs ?? HEIGHT_WAIT_MS,
    closing: closing.signal,
  };
  const metrics = new Metrics(context);
  const unwatch = service.watch((notice) => {
    try {
      context.progress.take(notice);
      context.waiters.take(notice);
      metrics.take(notice, context);
    } catch (error) {
      // Whoever waits for that block learns of it by asking again.
      if (!(error instanceof RecordDamaged)) throw error;
      service.reportDamage(error);
    }
  });
  const explorer = options.explorerDir === undefined ? undefined : await Explorer.open(options.explorerDir);
  const app = createServer(options, context);
  await describeRoutes(app);
  installFallback(app, explorer);
  readBodies(app);
  if (options.token !== undefined) guard(app, options.token);
  nameHeights(app, context);
  metricsRoutes(app, metrics);
  healthRoutes(app, context);
  memberRoutes(app, context);
  genesisRoutes(app, context);
  evidenceRoutes(app, context);
  transactionRoutes(app, context);
  blockRoutes(app, context);
  consistencyRoutes(app, context);
  stateRoutes(app, context);
  searchRoutes(app, context);
  eventRoutes(app, context);
  docsRoutes(app);
  errorsRoutes(app);
  app.addHook('preClose', async () => {
    closing.abort();
    context.progress.close();
    context.waiters.close();
    unwatch();
  });
  await app.ready();
  return serve(app, options);
}

function createServer(options: ApiOptions, context: ApiContext): FastifyInstance {
  const app = Fastify({
    ...(options.logger && { loggerInstance: options.logger }),
    // A line for each request would drown the node's own.
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request would cost more than its answer does; what is logged names the request itself.
    childLoggerFactory: (logger) => logger,
    bodyLimit: SEQUENCE_BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      maxHeaderSize: HEADERS_BYTES_MAX,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true } },
    // A state key has up to 512 bytes, and twice as many digits.
    routerOptions: { maxParamLength: 2_048 },
    // These pass no hooks.
    frameworkErrors: (error, request, reply) =>
      errorReply(error, request, reply.header(HEIGHT_HEADER, context.progress.height)),
    clientErrorHandler: refuseMalformed,
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof RecordDamaged) context.service.reportDamage(error);
    return errorReply(error, request, reply);
  });
  // Schemas describe answers; they do not filter them.
  app.setSerializerCompiler(() => JSON.stringify);
  return app as unknown as FastifyInstance;
}

/** Reads wait for `Varve-Min-Height`, and every answer names the node's height. */
function nameHeights(app: FastifyInstance, context: ApiContext): void {
  const reachHeight = async (request: FastifyRequest): Promise<void> =>
    reach(context, 'committed', minHeightOf(request));
  // With a callback: a promise for each request would cost more than this asks.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.method !== 'GET' || request.headers['varve-min-height'] === undefined) return done();
    reachHeight(request).then(() => done(), done);
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.header(HEIGHT_HEADER, context.progress.height);
    done(null, payload);
  });
}

/** Answers bytes that are no HTTP. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'HEADERS_TOO_LARGE' : 'REQUEST_INVALID';
  const body = problem(code, error.message);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${body.status} ${code}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  // A client that neither reads nor closes must not keep the place.
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

function serve(app: FastifyInstance, { host, port }: ApiOptions): Api {
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    server: app,
    get address() {
      const bound = app.server.address() as AddressInfo | null;
      return `http://${shown}:${bound?.port ?? port}`;
    },
    async listen() {
      try {
        await app.listen({ host, port });
      } catch (cause) {
        const address = `${shown}:${port}`;
        const code = cause instanceof Error && 'code' in cause ? cause.code : '';
        if (code === 'EADDRINUSE') throw new ApiStartError('PORT_IN_USE', { address }, { cause });
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ApiStartError('LISTEN_FAILED', { address, reason }, { cause });
      }
    },
    close: async () => {
      // A client that does not read its answer must not keep the node from stopping.
      const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
      await app.close();
      clearTimeout(timer);
    },
  };
}
