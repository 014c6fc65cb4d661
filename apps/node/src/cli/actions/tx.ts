import { operations, type Value } from '@varve/client';
import { fromHex, isHex } from '@varve/encoding';
import { decodeTransaction, LedgerError, type Transaction } from '@varve/ledger';
import { readBytes, readText } from '../../setup/files.ts';
import { assetArgument, pathArgument } from '../arguments.ts';
import type { Action, Options } from '../command.ts';
import { accountArgument } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError, usage } from '../failure.ts';
import { signing, submitSigned } from '../submission.ts';

const { coordination, assets } = operations;

/** `tx create`. */
export const createNode: Action = signing(([path = '', value = ''], options) =>
  options.flag('sequential')
    ? coordination.createSequential(pathArgument(path, true), valueArgument(value, options))
    : coordination.create(pathArgument(path), valueArgument(value, options)),
);

/** `tx set`. */
export const setNode: Action = signing(([path = '', value = ''], options) =>
  coordination.set(pathArgument(path), valueArgument(value, options), options.number('version') ?? null),
);

/** `tx delete`. */
export const deleteNode: Action = signing(([path = ''], options) =>
  coordination.delete(pathArgument(path), options.number('version') ?? null),
);

/** `tx define`. */
export const defineAsset: Action = signing(([asset = ''], options) =>
  assets.define(assetArgument(asset), options.text('title') ?? asset, options.number('decimals') ?? 0),
);

/** `tx issue`. */
export const issueAsset: Action = signing(([asset = '', account = '', amount = ''], options) =>
  assets.issue(assetArgument(asset), accountArgument(account, options), amountOf(amount)),
);

/** `tx transfer`. */
export const transferAsset: Action = signing(([asset = '', account = '', amount = ''], options) =>
  assets.transfer(assetArgument(asset), accountArgument(account, options), amountOf(amount)),
);

/** `tx burn`. */
export const burnAsset: Action = signing(([asset = '', amount = '']) =>
  assets.burn(assetArgument(asset), amountOf(amount)),
);

/** `tx submit`. */
export const submitFile: Action = async (context, [path = ''], options) =>
  submitSigned(context, signedTransaction(path, options.text('format') === 'hex'), options);

function signedTransaction(path: string, asHex: boolean): Transaction {
  try {
    if (!asHex) return decodeTransaction(readBytes(path));
    const text = readText(path).trim();
    if (!isHex(text)) throw usage(`${path} is not lower-case hexadecimal`, 'leave out --format hex for binary files');
    return decodeTransaction(fromHex(text));
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    const reason = Object.values(cause.details).join(', ');
    throw new CliError(cause.code, `${path} is no transaction: ${reason}`, { cause, exitCode: EXIT.rejected });
  }
}

function valueArgument(text: string, options: Options): Value {
  if (!options.flag('hex')) return text;
  if (isHex(text)) return fromHex(text);
  throw usage('the value is not lower-case hexadecimal', 'leave out --hex for text');
}

function amountOf(text: string): bigint {
  if (/^[0-9]{1,39}$/.test(text)) return BigInt(text);
  throw usage(`"${text}" is not an amount`, 'write a whole number of the smallest unit');
}
