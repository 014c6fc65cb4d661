import type { Problem } from './answers.ts';
import { NodeUnreachable, problemError, VarveError } from './errors.ts';

/** What every call can be given. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Reads answer only once the node has this height: pass that of a write to read it anywhere. */
  readonly minHeight?: number | undefined;
}

/** One request to the node. */
export interface Call extends CallOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** How long the answer may take. Milliseconds; default `SILENCE_MS`. */
  readonly silenceMs?: number;
  /** Statuses from 400 on whose bodies are answers all the same. */
  readonly accept?: (body: unknown) => boolean;
}

/** A node that says nothing for so long is gone; it is asked to wait for no longer than 25 s. Milliseconds. */
const SILENCE_MS = 35_000;

/** What is answered in the place of a node. */
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];

/** Sends requests to one node and turns what is no answer into errors. */
export class Transport {
  readonly url: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor(url: string, token: string | undefined, fetcher: typeof fetch | undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
    // Called through a property, browsers refuse it: fetch insists on its own `this`.
    this.#fetch = fetcher ?? ((input, init) => globalThis.fetch(input, init));
  }

  /**
   * The response, whatever its status.
   * @throws {NodeUnreachable}, or the reason of `signal`.
   */
  async open(path: string, call: Call = {}): Promise<Response> {
    const headers: Record<string, string> = { ...call.headers };
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    if (call.minHeight !== undefined) headers['varve-min-height'] = String(call.minHeight);
    const send = (): Promise<Response> =>
      this.#fetch(this.url + path, {
        method: call.method ?? 'GET',
        headers,
        ...(call.body && { body: call.body as Uint8Array<ArrayBuffer> }),
        ...(call.signal && { signal: call.signal }),
      });
    try {
      return await send();
    } catch (error) {
      call.signal?.throwIfAborted();
      if (call.method === 'POST') throw new NodeUnreachable(this.url, error);
    }
    // A kept connection may have been closed as the question left: a question can be asked again.
    try {
      return await send();
    } catch (error) {
      call.signal?.throwIfAborted();
      throw new NodeUnreachable(this.url, error);
    }
  }

  /**
   * The JSON answer.
   * @throws {VarveError} the problem's code; `ANSWER_MALFORMED` where the answer is no JSON; `NODE_UNREACHABLE` also
   * where there is none in time.
   */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), call.silenceMs ?? SILENCE_MS);
    const signal = AbortSignal.any(call.signal ? [call.signal, silence.signal] : [silence.signal]);
    try {
      return await this.#json(path, { ...call, signal });
    } catch (error) {
      if (silence.signal.aborted && !call.signal?.aborted) throw new NodeUnreachable(this.url, error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #json<T>(path: string, call: Call): Promise<T> {
    const response = await this.open(path, call);
    const body = await this.#body(response, call.signal);
    if (response.ok || call.accept?.(body)) return body as T;
    throw isProblem(body) ? problemError(body) : this.#malformed(response);
  }

  /** The error of a response that was opened and is none of what the caller wants. */
  async failure(response: Response): Promise<VarveError> {
    const body = await this.#body(response, undefined);
    return isProblem(body) ? problemError(body) : this.#malformed(response);
  }

  async #body(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw new NodeUnreachable(this.url, error);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw this.#malformed(response);
    }
  }

  #malformed(response: Response): VarveError {
    // A node that is about to end, or a proxy before one that is down.
    if (GATEWAY_STATUSES.includes(response.status))
      return new NodeUnreachable(this.url, new Error(`${response.status} without a problem`));
    return new VarveError('ANSWER_MALFORMED', {
      detail: `${this.url} answered ${response.status} with something else than JSON of a Varve node`,
      hint: 'is this the address of a Varve node, without a proxy that answers for it?',
      status: response.status,
    });
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}
