import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { describeLeaving } from '../host/leaving-text.ts';
import type { ApiContext } from './context.ts';
import { READY_BEHIND_MAX, READY_UNCERTIFIED_MAX } from './limits.ts';
import { problem } from './problems.ts';
import { problemReply } from './replies.ts';
import { record } from './schemas.ts';

interface Check {
  readonly name: string;
  /** Why not; absent where all is well. */
  readonly fault: string | undefined;
  /** What is worth knowing though all is well. */
  readonly note?: string;
}

const query = record({ verbose: Type.Optional(Type.String({ description: 'present: list the checks' })) });

/** For load balancers and supervisors: `/livez` says the process answers, `/readyz` that it is of use. */
export function healthRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/livez', { schema: { tags: ['health'], summary: 'The process answers' } }, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('ok\n'),
  );
  app.get(
    '/readyz',
    { schema: { tags: ['health'], summary: 'The node can serve; ?verbose lists the checks', querystring: query } },
    (request: FastifyRequest<{ Querystring: { verbose?: string } }>, reply) =>
      readiness(context, request.query.verbose !== undefined, reply),
  );
}

function readiness(context: ApiContext, verbose: boolean, reply: FastifyReply): FastifyReply {
  const checks = checksOf(context);
  const failed = checks.filter(({ fault }) => fault !== undefined);
  const ready = failed.length === 0;
  if (!verbose && !ready) {
    const detail = failed.map(({ name, fault }) => `${name}: ${fault}`).join('; ');
    return problemReply(reply, problem('NOT_READY', detail));
  }
  const lines = verbose ? checks.map(lineOf) : [];
  const body = [...lines, ready ? 'ok' : 'not ready', ''].join('\n');
  return reply
    .code(ready ? 200 : 503)
    .type('text/plain; charset=utf-8')
    .send(body);
}

function lineOf({ name, fault, note }: Check): string {
  if (fault) return `[!] ${name}: ${fault}`;
  return note ? `[+] ${name}: ${note}` : `[+] ${name} ok`;
}

function checksOf({ service, progress }: ApiContext): Check[] {
  const view = service.view();
  const { engine, mode } = view;
  const uncertified = progress.height - progress.finalHeight;
  const best = Math.max(0, ...view.peers.map((peer) => peer.finalHeight ?? 0));
  const behind = best - progress.height;
  const votes = mode === 'validator' || mode === 'starting';
  return [
    { name: 'mode', fault: modeFault(mode, view.observerOnly) },
    { name: 'leader', fault: votes && engine?.leader === undefined ? 'no leader is known' : undefined },
    { name: 'engine', fault: engine?.waiting && `${engine.waiting.code} (${engine.waiting.nodes.join(', ')})` },
    {
      name: 'finality',
      fault: uncertified > READY_UNCERTIFIED_MAX ? `${uncertified} blocks are not certified` : undefined,
    },
    { name: 'sync', fault: behind > READY_BEHIND_MAX ? `${behind} blocks behind` : undefined },
    {
      name: 'conditions',
      fault: view.conditions.map(({ code, detail }) => `${code} (${detail})`).join(', ') || undefined,
    },
    ...(view.leaving ? [{ name: 'leaving', fault: undefined, note: describeLeaving(view.leaving) }] : []),
  ];
}

function modeFault(mode: string, observerOnly: { code: string; reason: string } | undefined): string | undefined {
  if (mode === 'starting') return 'waits to hear from enough members';
  if (mode === 'observer-only') return `must not vote: ${observerOnly?.code} (${observerOnly?.reason})`;
  return undefined;
}
