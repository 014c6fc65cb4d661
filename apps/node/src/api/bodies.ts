import type { FastifyInstance } from 'fastify';
import { JSON_BODY_BYTES_MAX, SEQUENCE_BODY_BYTES_MAX, TRANSACTION_BODY_BYTES_MAX } from './limits.ts';
import { ApiError } from './problems.ts';

/** How bodies are read: by type, each with its own limit. Anything else is refused unread. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/cose',
    { parseAs: 'buffer', bodyLimit: SEQUENCE_BODY_BYTES_MAX },
    (_request, body: Buffer, done) => {
      if (body.length <= TRANSACTION_BODY_BYTES_MAX) return done(null, body);
      done(new ApiError('BODY_TOO_LARGE', `a transaction is at most ${TRANSACTION_BODY_BYTES_MAX} bytes`));
    },
  );
  app.addContentTypeParser('application/cbor-seq', { parseAs: 'buffer' }, (_request, body: Buffer, done) =>
    done(null, body),
  );
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body: string, done) => {
    if (body.length > JSON_BODY_BYTES_MAX) {
      return done(
        new ApiError('BODY_TOO_LARGE', `JSON is at most ${JSON_BODY_BYTES_MAX} bytes; send application/cose`),
      );
    }
    try {
      done(null, JSON.parse(body));
    } catch {
      done(new ApiError('JSON_MALFORMED', 'the body does not parse'));
    }
  });
}
