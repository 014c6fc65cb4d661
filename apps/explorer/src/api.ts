import type {
  BlockAnswer,
  BlocksAnswer,
  ConfigurationsAnswer,
  EvidenceAnswer,
  Problem,
  SearchAnswer,
  StateAnswer,
  StatusAnswer,
  TransactionAnswer,
  ValidatorsAnswer,
} from '@varve/client';

/** A refusal of the node, or no answer at all. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The page is served at the node's root, wherever that is. */
const ROOT = new URL('.', location.href.split('#')[0]).href;

/** Address of an API path. */
export function apiUrl(path: string): string {
  return new URL(path, ROOT).href;
}

/** The binary form of an answer. */
async function bytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await ask(path, signal, { accept: 'application/cbor' });
  if (!response.ok) throw failureOf(response, await response.json().catch(() => undefined));
  return new Uint8Array(await response.arrayBuffer());
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, signal);
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body as T;
  throw failureOf(response, body);
}

async function ask(path: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  try {
    return await fetch(apiUrl(path), { headers, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure('NODE_UNREACHABLE', 'The node does not answer.', 'Is it running? Try: varve devnet status');
  }
}

function failureOf(response: Response, body: unknown): ApiFailure {
  const problem = body as Partial<Problem> | undefined;
  return new ApiFailure(
    problem?.code ?? `HTTP_${response.status}`,
    problem?.detail ?? response.statusText,
    problem?.hint ?? '',
  );
}

export const api = {
  status: (signal?: AbortSignal): Promise<StatusAnswer> => get('v1/status', signal),
  blocks: (limit: number, before?: number, signal?: AbortSignal): Promise<BlocksAnswer> =>
    get(`v1/blocks?limit=${limit}${before === undefined ? '' : `&before=${before}`}`, signal),
  block: (id: string, signal?: AbortSignal): Promise<BlockAnswer> => get(`v1/blocks/${encodeURIComponent(id)}`, signal),
  transaction: (id: string, signal?: AbortSignal): Promise<TransactionAnswer> =>
    get(`v1/transactions/${encodeURIComponent(id)}`, signal),
  validators: (signal?: AbortSignal): Promise<ValidatorsAnswer> => get('v1/validators', signal),
  evidence: (limit: number, after?: string, signal?: AbortSignal): Promise<EvidenceAnswer> =>
    get(`v1/evidence?limit=${limit}${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`, signal),
  configurations: (signal?: AbortSignal): Promise<ConfigurationsAnswer> => get('v1/configurations', signal),
  genesisBytes: (signal?: AbortSignal): Promise<Uint8Array> => bytes('v1/genesis', signal),
  receiptBytes: (id: string, signal?: AbortSignal): Promise<Uint8Array> =>
    bytes(`v1/transactions/${encodeURIComponent(id)}/receipt`, signal),
  state: (module: string, key: string, signal?: AbortSignal): Promise<StateAnswer> =>
    get(`v1/state/${encodeURIComponent(module)}/${encodeURIComponent(key)}?consistency=final`, signal),
  search: (query: string, signal?: AbortSignal): Promise<SearchAnswer> =>
    get(`v1/search?q=${encodeURIComponent(query)}`, signal),
};
