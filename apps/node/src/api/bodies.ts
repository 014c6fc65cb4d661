import type { FastifyInstance, FastifyRequest } from 'fastify';
import { JSON_BODY_BYTES_MAX, SEQUENCE_BODY_BYTES_MAX, TRANSACTION_BODY_BYTES_MAX } from './limits.ts';
import { ApiError } from './problems.ts';

/** How bodies are read: by type, each with its own limit. Anything else is refused unread. */
export function readBodies(app: FastifyInstance): void {
  // A parser that fails ends the connection; these bodies were read to their end, so it can stay.
  const faults = new WeakMap<FastifyRequest, ApiError>();
  const fail = (request: FastifyRequest, error: ApiError): null => {
    faults.set(request, error);
    return null;
  };
  app.addHook('preValidation', (request, _reply, done) => done(faults.get(request)));

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/cose', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length <= TRANSACTION_BODY_BYTES_MAX) return done(null, body);
    done(null, fail(request, tooLarge(TRANSACTION_BODY_BYTES_MAX)));
  });
  app.addContentTypeParser(
    'application/cbor-seq',
    { parseAs: 'buffer', bodyLimit: SEQUENCE_BODY_BYTES_MAX },
    (_request, body: Buffer, done) => done(null, body),
  );
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.length > JSON_BODY_BYTES_MAX) return done(null, fail(request, tooLarge(JSON_BODY_BYTES_MAX)));
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      parsed = fail(request, new ApiError('JSON_MALFORMED', 'the body does not parse'));
    }
    done(null, parsed);
  });
}

function tooLarge(limit: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `a body of this type has at most ${limit} bytes`);
}
