import type { SubmitOptions, Submittable, TransactionResult } from '@varve/client';
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
    const client = await connectSigning(options);
    const transaction = await client.build(operations, { account: options.text('account') });
    const out = options.text('out');
    if (out !== undefined) {
      writeWhole(out, transaction.bytes);
      context.printer.talk(`wrote ${out}`);
    }
    if (options.flag('dryRun')) return showTransaction(context, transaction);
    return show(context, await client.submit(transaction, waiting(options)));
  };
}

/** Submits signed bytes. */
export async function submitSigned(context: ActionContext, what: Submittable, options: Options): Promise<undefined> {
  return show(context, await connect(options).submit(what, waiting(options)));
}

function waiting(options: Options): SubmitOptions {
  const wait = options.text('wait');
  const timeoutMs = (options.number('timeout') ?? 0) * 1000;
  return { wait: wait === 'none' || wait === 'committed' ? wait : 'final', timeoutMs };
}

function show({ printer }: ActionContext, result: TransactionResult): undefined {
  const { transactionId, status, height, index, outcome } = result;
  printer.result(
    result,
    pairs([
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
