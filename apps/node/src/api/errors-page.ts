import type { FastifyInstance } from 'fastify';
import { PROBLEMS } from './problems.ts';

const HEAD =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Codes of the Varve API</title>' +
  '<meta name="viewport" content="width=device-width"><h1>Codes of the API</h1>' +
  '<p>docs/errors.md has these and all others: outcomes of transactions, conditions of nodes, the command line.</p><dl>';

/** `/errors`: what the `type` of every problem leads to. */
export function errorsRoutes(app: FastifyInstance): void {
  const items = Object.entries(PROBLEMS).map(
    ([code, { status, title, hint }]) =>
      `<dt id="${code}"><code>${code}</code> (${status})</dt><dd>${escaped(title)}: ${escaped(hint)}.</dd>`,
  );
  const page = `${HEAD}${items.join('')}</dl></html>\n`;
  app.get('/errors', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page),
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
