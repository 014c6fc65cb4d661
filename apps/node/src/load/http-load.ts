import { Agent, request } from 'node:http';
import { LoadError } from './errors.ts';

/** Connections to one node at once, unless told otherwise; what is more waits in the client. */
const SOCKETS_MAX = 256;
/** A request without an answer is given up after this. */
const ANSWER_MS_MAX = 60_000;

/** One request's answer. */
export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
}

/** Posts bytes and reads the whole answer, on kept-alive connections. */
export class HttpLoad {
  readonly #agent: Agent;

  /** @param socketsMax - Connections to one node at once. */
  constructor(socketsMax: number = SOCKETS_MAX) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: socketsMax });
  }

  /** @throws {LoadError} `LOAD_UNANSWERED`. */
  post(url: string, contentType: string, body: Uint8Array): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': contentType, 'content-length': body.length },
          timeout: ANSWER_MS_MAX,
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', (error) => reject(unanswered(url, error)));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
          );
        },
      );
      sent.on('error', (error) => {
        // A kept-alive connection may be closed by the server just as it is used again; sending twice is harmless.
        if (sent.reusedSocket) this.post(url, contentType, body).then(resolve, reject);
        else reject(unanswered(url, error));
      });
      sent.on('timeout', () => sent.destroy(new TypeError(`nothing came within ${ANSWER_MS_MAX / 1000} s`)));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** That a node did not answer, and why. */
export function unanswered(url: string, cause: unknown): LoadError {
  const { origin } = new URL(url);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LoadError('LOAD_UNANSWERED', `${origin} did not answer: ${reason}`, { url, reason }, { cause });
}
