import type { Client, SubmitOptions, Submittable, TransactionResult } from '@varve/client';
import { toHex } from '@varve/encoding';
import type { Operation, Transaction } from '@varve/ledger';
import { writeWhole } from '../setup/files.ts';
import type { Action, ActionContext, Options } from './command.ts';
import { connect, connectSigning } from './connection.ts';
import { pairs } from './printer.ts';
import { readable } from './readable.ts';

/** An action that signs one transaction with the operations that `make` makes of arguments and options. */
export function signing(make: (args: readonly string[], options: Options) => Operation | readonly Operation[]): Action {
  return async (context, args, options) => {
    const operations = make(args, options);
    return signAndSubmit(context, await connectSigning(options), operations, options);
  };
}

/** What a command tells of a transaction beyond what became of it. */
export interface Addition {
  readonly body: Readonly<Record<string, unknown>>;
  readonly lines: readonly (readonly [name: string, value: string | number | undefined | null])[];
}

/**
 * Signs one transaction and does with it what the options say.
 * @param add - Asked when the transaction was submitted.
 */
export async function signAndSubmit(
  context: ActionContext,
  client: Client,
  operations: Operation | readonly Operation[],
  options: Options,
  add?: (result: TransactionResult) => Promise<Addition>,
): Promise<undefined> {
  const transaction = await client.build(operations, { account: options.text('account') });
  const out = options.text('out');
  if (out !== undefined) {
    writeWhole(out, transaction.bytes);
    context.printer.talk(`wrote ${out}`);
  }
  if (options.flag('dryRun')) return showTransaction(context, transaction);
  const result = await client.submit(transaction, waiting(options));
  return show(context, result, await add?.(result));
}

/** Submits signed bytes. */
export async function submitSigned(context: ActionContext, what: Submittable, options: Options): Promise<undefined> {
  return show(context, await (await connect(options)).submit(what, waiting(options)));
}

function waiting(options: Options): SubmitOptions {
  const wait = options.text('wait');
  const timeoutMs = (options.number('timeout') ?? 0) * 1000;
  return { wait: wait === 'none' || wait === 'committed' ? wait : 'final', timeoutMs };
}

function show({ printer }: ActionContext, result: TransactionResult, addition?: Addition): undefined {
  const { transactionId, status, height, index, outcome } = result;
  printer.result(
    { ...result, ...addition?.body },
    pairs([
      ...(addition?.lines ?? []),
      ['transaction', transactionId],
      ['status', status],
      ['block', height],
      ['index', index],
      ['outcome', outcome?.code],
    ]),
  );
}

function showTransaction({ printer }: ActionContext, transaction: Transaction): undefined {
  const { id, account, publicKey, chainId, nonce, validUntil, operations, bytes } = transaction;
  const body = {
    transactionId: id,
    chainId,
    account,
    publicKey: toHex(publicKey),
    nonce: toHex(nonce),
    validUntil: new Date(validUntil).toISOString(),
    operations: operations.map((operation) => ({ ...operation, arguments: operation.arguments.map(readable) })),
    transaction: toHex(bytes),
  };
  printer.result(body, JSON.stringify(body, undefined, 2));
}
