import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '@varve/crypto';
import { utf8Encode } from '@varve/encoding';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './problems.ts';

/** What anyone may see: health for supervisors, the explorer's page and the documentation; all data is behind `/v1`. */
function isGuarded(path: string): boolean {
  return path.startsWith('/v1') || path === '/metrics';
}

/** Demands `Authorization: Bearer <token>`. */
export function guard(app: FastifyInstance, token: string): void {
  const expected = sha256(utf8Encode(token));
  app.addHook('onRequest', (request, _reply, done) => {
    // By the route that was found: the address as sent may spell it otherwise, such as /%761.
    if (!isGuarded(request.routeOptions.url ?? request.url)) return done();
    const given = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    // Hashes have one length, and comparing them tells nothing of the token.
    if (given !== undefined && timingSafeEqual(sha256(utf8Encode(given)), expected)) return done();
    done(
      new ApiError('TOKEN_INVALID', given === undefined ? 'there is no bearer token' : 'the token is wrong', {
        headers: { 'www-authenticate': 'Bearer' },
      }),
    );
  });
}
