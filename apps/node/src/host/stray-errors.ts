import type { Logger } from 'pino';

/** Names of errors that libp2p throws in callbacks of its own when a peer closes at an awkward moment. */
const NETWORK_ERRORS = new Set([
  'StreamStateError',
  'StreamResetError',
  'StreamClosedError',
  'StreamAbortedError',
  'ConnectionClosedError',
  'MuxerClosedError',
  'AbortError',
  'TimeoutError',
]);

/**
 * Keeps the process alive when the network library throws where nobody can catch it: a peer must not be able to end
 * this node by closing a connection. Whatever else nobody caught is a bug, and ends the process.
 */
export function surviveStrayErrors(logger: Logger): void {
  const handle = (error: unknown): void => {
    if (error instanceof Error && NETWORK_ERRORS.has(error.name)) {
      logger.warn({ err: error }, 'a stray network error');
      return;
    }
    logger.fatal({ err: error }, 'an error that nobody caught');
    process.stderr.write(`error INVARIANT_BROKEN: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', handle);
  process.on('unhandledRejection', handle);
}
