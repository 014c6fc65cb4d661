import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Explorer } from './explorer.ts';
import { problem } from './problems.ts';
import { problemReply } from './replies.ts';

interface Route {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

/** What answers where no route does: the explorer, a wrong method, or nothing at all. Call it before adding routes. */
export function installFallback(app: FastifyInstance, explorer: Explorer | undefined): void {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const source = url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replace(/\*/g, '.*');
    routes.push({ pattern: new RegExp(`^${source}$`), methods: [method].flat() });
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    if (methods.length > 0) {
      const allow = [...new Set(methods)].join(', ');
      const body = problem('METHOD_NOT_ALLOWED', `${request.method} ${path.slice(0, 200)}: only ${allow}`);
      return problemReply(reply, body, { allow });
    }
    if (await sendFile(explorer, path, request, reply)) return reply;
    return problemReply(reply, problem('ROUTE_UNKNOWN', `nothing at ${path.slice(0, 200)}`));
  });
}

async function sendFile(
  explorer: Explorer | undefined,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  if (explorer === undefined || path.startsWith('/v1')) return false;
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const file = await explorer.file(path);
  if (file === undefined) return false;
  reply
    .code(200)
    .type(file.type)
    .headers({ 'cache-control': file.cacheControl, 'x-content-type-options': 'nosniff' })
    .send(file.bytes);
  return true;
}
