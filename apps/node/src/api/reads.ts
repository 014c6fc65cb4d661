import type { StateReader } from '@varve/ledger';
import { type Ledger, stateAt } from '@varve/ledger/chain';
import type { FastifyRequest } from 'fastify';
import type { ApiContext } from './context.ts';
import { ApiError } from './problems.ts';

/** The request header that asks for a state at least this new. */
const MIN_HEIGHT_HEADER = 'varve-min-height';
/** The answer header that names the height of the answering node. */
export const HEIGHT_HEADER = 'Varve-Height';

/** The height a read asks for; 0 where it asks for none. */
export function minHeightOf(request: FastifyRequest): number {
  const header = request.headers[MIN_HEIGHT_HEADER];
  if (header === undefined) return 0;
  const number = typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new ApiError('REQUEST_INVALID', 'Varve-Min-Height is not a height');
  return number;
}

/**
 * Waits until the node has reached `height`.
 * @throws {ApiError} `HEIGHT_NOT_REACHED`.
 */
export async function reach(context: ApiContext, kind: 'committed' | 'final', height: number): Promise<void> {
  if (await context.progress.reach(kind, height, context.heightWaitMs)) return;
  const { progress } = context;
  const present = kind === 'final' ? progress.finalHeight : progress.height;
  throw new ApiError('HEIGHT_NOT_REACHED', `${kind} height ${present}, asked for ${height}`);
}

/** The state after block `at`. */
export function stateReaderAt(ledger: Ledger, at: number): StateReader {
  return { get: (module, key) => stateAt(ledger, module, key, at) };
}
