import type { Operation, Transaction } from '@varve/ledger';
import type {
  AccountAnswer,
  BlockAnswer,
  BlockSummary,
  BlocksAnswer,
  ConfigurationsAnswer,
  ConsistencyAnswer,
  GenesisAnswer,
  ReceiptAnswer,
  RefusedResult,
  SearchAnswer,
  StateAnswer,
  StatusAnswer,
  StreamEvent,
  TransactionAnswer,
  TransactionResult,
  ValidatorsAnswer,
} from './answers.ts';
import { Builder, type BuildOptions } from './builder.ts';
import { problemError, VarveError } from './errors.ts';
import type { EvidenceAnswer } from './evidence-answers.ts';
import { SharedRequests } from './shared-requests.ts';
import type { TransactionSigner } from './signer.ts';
import { type EventsOptions, followEvents } from './stream.ts';
import { sendAll, type WaitOptions } from './submission.ts';
import { type CallOptions, Transport } from './transport.ts';

/** Which node, and as whom. */
export interface ClientOptions {
  /** Of the node's HTTP API, such as `http://127.0.0.1:7701`. */
  readonly url: string;
  /** The node's access token, where it demands one. */
  readonly token?: string | undefined;
  /** Signs what `submit` builds. */
  readonly signer?: TransactionSigner | undefined;
  /**
   * Whether transactions that `submit` and `submitRaw` are given in the same turn, with the same `wait` and time, leave
   * in one request, which costs a node much less; default `true`. Each call has a result or error of its own, but all of
   * a request are answered together. Those that are to come back with a receipt go alone: see `receipt` of `WaitOptions`.
   */
  readonly batching?: boolean | undefined;
  /** Default: the host's own. */
  readonly fetch?: typeof fetch | undefined;
}

/** Operations to build a transaction of, or one that is signed. */
export type Submittable = Operation | readonly Operation[] | Transaction;
export type SubmitOptions = BuildOptions & WaitOptions;
export type StateOptions = CallOptions & {
  readonly proof?: boolean | undefined;
  readonly consistency?: StateAnswer['consistency'] | undefined;
  /** After which block, down to 256 below the final one; absent: the newest. With `consistency: 'final'`, once it is. */
  readonly height?: number | undefined;
};

/** One node, typed. Methods reject with `VarveError`; `NodeUnreachable` is one. */
export interface Client {
  readonly url: string;
  /** A signed transaction for this chain, not yet sent. */
  build(operations: Operation | readonly Operation[], options?: BuildOptions): Promise<Transaction>;
  /**
   * Builds, signs, sends, and waits (for `final` unless told otherwise). The result of a final transaction has its
   * receipt. With `wait: 'none'` or `'committed'`, or `receipt: false`, what is submitted in the same turn shares a
   * request, unless the client was created with `batching: false`.
   * @throws {VarveError} the code of a refusal or of a failed execution; `WAIT_TIMEOUT` where the time was up first:
   *   the transaction may still be executed.
   */
  submit(what: Submittable, options?: SubmitOptions): Promise<TransactionResult>;
  /** As `submit`, but whatever becomes of the transaction is the result. */
  submitRaw(what: Submittable, options?: SubmitOptions): Promise<TransactionResult | RefusedResult>;
  /** Many transactions in few requests, which is many times cheaper; a result for each, without receipts if there are several. */
  submitBatch(
    items: readonly Submittable[],
    options?: SubmitOptions,
  ): Promise<readonly (TransactionResult | RefusedResult)[]>;
  status(options?: CallOptions): Promise<StatusAnswer>;
  transaction(id: string, options?: CallOptions): Promise<TransactionAnswer>;
  receipt(id: string, options?: CallOptions): Promise<ReceiptAnswer>;
  /** @param which - A height, a hash, `latest` or `final`. */
  block(which: number | string, options?: CallOptions): Promise<BlockAnswer>;
  /** Headers, newest first. */
  blockPage(page?: { before?: number; limit?: number }, options?: CallOptions): Promise<BlocksAnswer>;
  /** Final blocks as they come, from height `from` on; absent: from now on. */
  blocks(options?: { from?: number; signal?: AbortSignal }): AsyncIterable<BlockSummary>;
  /** @param key - In hex; for `coordination` a path, which starts with `/`, will do. */
  state(module: string, key: string, options?: StateOptions): Promise<StateAnswer>;
  account(id: string, options?: CallOptions): Promise<AccountAnswer>;
  validators(options?: CallOptions): Promise<ValidatorsAnswer>;
  configurations(options?: CallOptions): Promise<ConfigurationsAnswer>;
  /**
   * The proof that block `to` has block `from` in its history; what `checkpointOf` of @varve/ledger makes a checkpoint of.
   * @param from - A height; default: `to`.
   * @param to - A height; default: the final one.
   */
  consistency(from?: number, to?: number, options?: CallOptions): Promise<ConsistencyAnswer>;
  /** The chain's genesis document, as this node has it. */
  genesis(options?: CallOptions): Promise<GenesisAnswer>;
  /** Contradictions of validators, by id. */
  evidencePage(page?: { after?: string; limit?: number }, options?: CallOptions): Promise<EvidenceAnswer>;
  search(query: string, options?: CallOptions): Promise<SearchAnswer>;
  /** Items of final blocks, each once; connects again by itself, where it was. */
  events(options?: EventsOptions): AsyncIterable<StreamEvent>;
  /** @throws {VarveError} `HEIGHT_NOT_REACHED` when the time is up (default 30 s). */
  waitForHeight(height: number, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<StatusAnswer>;
}

const HEIGHT_WAIT_MS = 30_000;

/** A client of one node. Nothing is sent before the first call. */
export function createClient(options: ClientOptions): Client {
  const transport = new Transport(options.url, options.token, options.fetch);
  const builder = new Builder(transport, options.signer);
  const get = <T>(path: string, call: CallOptions | undefined): Promise<T> => transport.json<T>(path, call);
  const part = encodeURIComponent;

  const made = async (what: Submittable, choices: BuildOptions): Promise<Transaction> =>
    'bytes' in what ? what : builder.build('module' in what ? [what] : what, choices);
  const submitBatch: Client['submitBatch'] = async (items, choices = {}) => {
    const transactions: Transaction[] = [];
    for (const item of items) transactions.push(await made(item, choices));
    return sendAll(transport, transactions, choices);
  };
  const shared = options.batching === false ? undefined : new SharedRequests(transport);
  const submitRaw: Client['submitRaw'] = async (what, choices = {}) => {
    const needsReceipt = (choices.wait ?? 'final') === 'final' && choices.receipt !== false;
    const transactions = [await made(what, choices)];
    const [result] = await sendAll(transport, transactions, choices, needsReceipt ? undefined : shared);
    return result as TransactionResult | RefusedResult;
  };

  return {
    url: transport.url,
    build: (operations, choices) => builder.build('module' in operations ? [operations] : operations, choices),
    submitRaw,
    submitBatch,
    submit: async (what, choices = {}) => settledOrThrow(await submitRaw(what, choices), choices.wait ?? 'final'),
    status: async (call) => {
      const status = await get<StatusAnswer>('/v1/status', call);
      builder.noticeTime(status);
      return status;
    },
    transaction: (id, call) => get(`/v1/transactions/${part(id)}`, call),
    receipt: (id, call) => get(`/v1/transactions/${part(id)}/receipt`, call),
    block: (which, call) => get(`/v1/blocks/${part(which)}`, call),
    blockPage: ({ before, limit } = {}, call) => get(`/v1/blocks${query({ before, limit })}`, call),
    blocks: (choices) => followBlocks(transport, choices),
    state: (module, key, { proof, consistency, height, ...call } = {}) => {
      const isPath = module === 'coordination' && key.startsWith('/');
      const asked = query({ proof, consistency, height, path: isPath ? key : undefined });
      return get(`/v1/state/${part(module)}${isPath ? '' : `/${part(key)}`}${asked}`, call);
    },
    account: (id, call) => get(`/v1/accounts/${part(id)}`, call),
    validators: (call) => get('/v1/validators', call),
    configurations: (call) => get('/v1/configurations', call),
    consistency: (from, to, call) => get(`/v1/consistency${query({ from, to })}`, call),
    genesis: (call) => get('/v1/genesis', call),
    evidencePage: ({ after, limit } = {}, call) => get(`/v1/evidence${query({ after, limit })}`, call),
    search: (text, call) => get(`/v1/search${query({ q: text })}`, call),
    events: (choices = {}) => followEvents(transport, choices),
    waitForHeight: (height, choices = {}) => waitForHeight(transport, height, choices),
  };
}

function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search}`;
}

async function* followBlocks(
  transport: Transport,
  { from, signal }: { from?: number; signal?: AbortSignal } = {},
): AsyncGenerator<BlockSummary> {
  // The stream begins with block 1: block 0 is derived from the genesis document.
  if (from === 0) yield summary(await transport.json<BlockAnswer>('/v1/blocks/0', { signal }));
  const after = from === undefined ? undefined : Math.max(0, from - 1);
  for await (const item of followEvents(transport, { after, signal, topics: ['blocks'] })) {
    if (item.kind === 'block') yield item.data;
  }
}

function summary({ hash, final, header }: BlockAnswer): BlockSummary {
  return { hash, final, header };
}

async function waitForHeight(
  transport: Transport,
  minHeight: number,
  { timeoutMs = HEIGHT_WAIT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal },
): Promise<StatusAnswer> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await transport.json<StatusAnswer>('/v1/status', { minHeight, signal });
    } catch (error) {
      const isLate = error instanceof VarveError && error.code === 'HEIGHT_NOT_REACHED';
      if (!isLate || Date.now() >= deadline) throw error;
    }
  }
}

function settledOrThrow(result: TransactionResult | RefusedResult, wait: string): TransactionResult {
  if (result.status === 'refused') throw problemError(result.problem);
  const { transactionId, outcome, status } = result;
  if (status === 'expired') {
    throw new VarveError('TRANSACTION_EXPIRED', {
      detail: 'it was not executed before its validity ended',
      hint: 'submit the operations again',
      retry: 'never',
      transactionId,
      result,
    });
  }
  if (outcome !== null && outcome.code !== 'OK') {
    throw new VarveError(outcome.code, {
      detail: `operation ${outcome.failedOperation} of transaction ${result.transactionId} failed at height ${result.height}; nothing of it was done`,
      retry: 'never',
      transactionId,
      result,
    });
  }
  if (wait !== 'none' && status !== 'final' && status !== wait) {
    throw new VarveError('WAIT_TIMEOUT', {
      detail: `transaction ${transactionId} is ${status} and may still be executed`,
      hint: 'ask what became of it (varve query tx), or submit the same transaction again, which is harmless',
      retry: 'later',
      transactionId,
      result,
    });
  }
  return result;
}
