import { Agent, request } from 'node:http';

/** One request's answer. */
export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
}

/** Posts bytes and reads the whole answer, on kept-alive connections. */
export class HttpLoad {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });

  post(url: string, contentType: string, body: Uint8Array): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': contentType, 'content-length': body.length },
          timeout: 60_000,
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
          );
        },
      );
      sent.on('error', (error) => {
        // A kept-alive connection may be closed by the server just as it is used again; sending twice is harmless.
        if (sent.reusedSocket) this.post(url, contentType, body).then(resolve, reject);
        else reject(error);
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer within 60 s')));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Several transactions as one body. */
export function sequenceOf(transactions: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(transactions);
}
