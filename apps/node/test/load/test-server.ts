import { createServer, type Server } from 'node:http';

/** What a request is answered with; `undefined` cuts its connection, `reset` does so as a system does that forgot it. */
export type Answer = { readonly status: number; readonly body: unknown } | 'reset' | undefined;

/** One request as it came. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly bytes: number;
}

const running = new Set<Server>();

/** A node's HTTP API as far as load is concerned: whatever the test says. Resolves with its address. */
export async function serve(answer: (request: Request) => Answer | Promise<Answer>): Promise<string> {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    request.on('end', async () => {
      const { method = '', url = '', headers } = request;
      const told = await answer({ method, path: url, contentType: headers['content-type'] ?? '', bytes });
      if (told === undefined) request.socket.destroy();
      else if (told === 'reset') request.socket.resetAndDestroy();
      else response.writeHead(told.status).end(JSON.stringify(told.body));
    });
  });
  running.add(server);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** Ends every server. */
export async function stopServers(): Promise<void> {
  for (const server of running) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  running.clear();
}
