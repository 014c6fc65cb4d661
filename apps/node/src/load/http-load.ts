import { type Dispatcher, errors, Pool } from 'undici';
import { LoadError } from './errors.ts';

/** Connections to one node at once, unless told otherwise; what is more waits in the client. A node takes 256, of others too. */
const SOCKETS_MAX = 224;
/** A request without an answer is given up after this. */
const ANSWER_MS_MAX = 60_000;
/** How often one request is sent, where connections close before anything is answered. */
const SENDINGS_MAX = 3;

/** One request's answer. */
export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
}

/** Where requests to one URL go. */
interface Target {
  readonly pool: Pool;
  readonly path: string;
}

/**
 * Posts bytes and reads the whole answer, on kept-alive connections. It shares the machine with what it loads, so it is built of
 * what costs least of each request: undici's dispatch.
 */
export class HttpLoad {
  readonly #socketsMax: number;
  readonly #pools = new Map<string, Pool>();
  /** There are few: those of the nodes. */
  readonly #targets = new Map<string, Target>();

  /** @param socketsMax - Connections to one node at once. */
  constructor(socketsMax: number = SOCKETS_MAX) {
    this.#socketsMax = socketsMax;
  }

  /** @throws {LoadError} `LOAD_UNANSWERED`. */
  async post(url: string, contentType: string, body: Uint8Array): Promise<LoadAnswer> {
    for (let sending = 1; ; sending++) {
      try {
        return await this.#send(url, contentType, body);
      } catch (error) {
        // A kept-alive connection may be closed by the server just as it is used again; sending twice is harmless.
        if (!isClosed(error) || sending === SENDINGS_MAX) throw unanswered(url, error);
      }
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) void pool.destroy();
    this.#pools.clear();
    this.#targets.clear();
  }

  #send(url: string, contentType: string, body: Uint8Array): Promise<LoadAnswer> {
    const { pool, path } = this.#targets.get(url) ?? this.#addTarget(url);
    const headers = { 'content-type': contentType };
    return new Promise((resolve, reject) => {
      pool.dispatch({ method: 'POST', path, headers, body }, new Answering(resolve, reject));
    });
  }

  #addTarget(url: string): Target {
    const { origin, pathname, search } = new URL(url);
    const pool = this.#pools.get(origin) ?? this.#addPool(origin);
    const target = { pool, path: pathname + search };
    this.#targets.set(url, target);
    return target;
  }

  #addPool(origin: string): Pool {
    const pool = new Pool(origin, {
      connections: this.#socketsMax,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
    });
    this.#pools.set(origin, pool);
    return pool;
  }
}

/** Gathers one answer. */
class Answering implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: LoadAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #parts: Buffer[] = [];
  #status = 0;

  constructor(resolve: (answer: LoadAnswer) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {
    // Demanded of every handler.
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, part: Buffer): void {
    this.#parts.push(part);
  }

  onResponseEnd(): void {
    this.#resolve({ status: this.#status, body: Buffer.concat(this.#parts).toString() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

/** Whether a connection that was there closed: as undici tells it, or the system. */
function isClosed(error: unknown): boolean {
  if (error instanceof errors.SocketError) return true;
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** That a node did not answer, and why. */
export function unanswered(url: string, cause: unknown): LoadError {
  const { origin } = new URL(url);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LoadError('LOAD_UNANSWERED', `${origin} did not answer: ${reason}`, { url, reason }, { cause });
}
