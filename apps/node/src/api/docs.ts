import Fastify, { type FastifyInstance } from 'fastify';

const DOCS = '/docs';
const TITLE = 'Varve API';

/** The OpenAPI document of all routes, and a page to try them, which needs no other host. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  const { default: swagger } = await import('@fastify/swagger');
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: TITLE,
        version: '1',
        description:
          'Byte strings are lower-case hex, amounts decimal strings, times RFC 3339. Errors are application/problem+json ' +
          'with a stable code. Reads take the header Varve-Min-Height; every answer has Varve-Height.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
}

/** `/openapi.json` and `/docs`. The page's program is loaded when first asked for. */
export function docsRoutes(app: FastifyInstance): void {
  let page: Promise<FastifyInstance> | undefined;
  const hidden = { schema: { hide: true } };
  app.get('/openapi.json', hidden, () => app.swagger());
  app.get(`${DOCS}`, hidden, (_request, reply) => reply.redirect(`${DOCS}/`));
  app.get(`${DOCS}/*`, hidden, async (request, reply) => {
    page ??= docsPage(app.swagger());
    const docs = await page;
    reply.hijack();
    docs.routing(request.raw, reply.raw);
  });
  app.addHook('onClose', async () => (await page)?.close());
}

async function docsPage(document: object): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const docs = Fastify();
  await docs.register(swagger, { mode: 'static', specification: { document: document as never } });
  await docs.register(swaggerUi, { routePrefix: DOCS, theme: { title: TITLE } });
  await docs.ready();
  return docs;
}
