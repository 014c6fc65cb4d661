import { type AccountId, type CborValue, fromHex, toHex } from '@varve/encoding';
import { type OperationContext, OperationFailed } from '@varve/ledger';
import type { GenesisModule } from '@varve/ledger/chain';
import { requireRole } from './access.ts';
import { accountIn } from './accounts.ts';
import { AMOUNT_MAX, decodeAmount, encodeAmount } from './amount.ts';
import { Arguments } from './arguments.ts';
import {
  ASSETS,
  type Asset,
  assetIn,
  assetKey,
  balanceIn,
  balanceKey,
  encodeAsset,
  encodeBalance,
} from './assets-state.ts';

/** More decimals than digits of the greatest amount say nothing. */
export const DECIMALS_MAX = 38;

/** Assets that one organization issues and accounts of all hold. The sum of balances is the supply, always. */
export const assets: GenesisModule = {
  name: ASSETS,
  methods: ['define', 'issue', 'transfer', 'burn'],

  execute(method: string, args: readonly CborValue[], context: OperationContext): CborValue {
    const reader = new Arguments(args);
    switch (method) {
      case 'define':
        return define(reader, context);
      case 'issue':
        return issue(reader, context);
      case 'transfer':
        return transfer(reader, context);
      case 'burn':
        return burn(reader, context);
      default:
        throw new OperationFailed('OPERATION_UNKNOWN');
    }
  },
};

/** `define(name, title, decimals)`, by an admin, whose organization will issue it. */
function define(reader: Arguments, context: OperationContext): CborValue {
  const name = reader.name();
  const title = reader.text();
  const decimals = reader.uint();
  reader.end();
  if (decimals > DECIMALS_MAX) throw new OperationFailed('ARGUMENTS_MALFORMED', `more than ${DECIMALS_MAX} decimals`);
  const { organization } = requireRole(context, 'admin');
  if (assetIn(context.state, name) !== undefined) throw new OperationFailed('ASSET_EXISTS');
  context.set(assetKey(name), encodeAsset({ title, decimals, organization, supply: 0n }));
  context.emit('asset-defined', [name, title, decimals, organization]);
  return null;
}

/** `issue(asset, account, amount)`, by an admin of the issuing organization. */
function issue(reader: Arguments, context: OperationContext): CborValue {
  const name = reader.name();
  const to = readAccount(reader);
  const amount = readAmount(reader);
  reader.end();
  const { organization } = requireRole(context, 'admin');
  const asset = demandAsset(context, name);
  if (asset.organization !== organization) {
    throw new OperationFailed('ORGANIZATION_FOREIGN', `${asset.organization} issues it`);
  }
  demandAccount(context, to);
  const supply = asset.supply + amount;
  // No balance is above the supply, so this bounds them all.
  if (supply > AMOUNT_MAX) throw new OperationFailed('AMOUNT_TOO_LARGE', 'the supply would not fit');
  context.set(assetKey(name), encodeAsset({ ...asset, supply }));
  credit(context, name, to, amount);
  context.emit('asset-issued', [name, fromHex(to), encodeAmount(amount)]);
  return null;
}

/** `transfer(asset, account, amount)` from the sender's balance, by a client. */
function transfer(reader: Arguments, context: OperationContext): CborValue {
  const name = reader.name();
  const to = readAccount(reader);
  const amount = readAmount(reader);
  reader.end();
  const { account } = requireRole(context, 'client');
  demandAsset(context, name);
  demandAccount(context, to);
  const held = demandFunds(context, name, account, amount);
  // To oneself nothing changes: a debit and a credit would make the record anew.
  if (to !== account) {
    writeBalance(context, name, account, held - amount);
    credit(context, name, to, amount);
  }
  context.emit('asset-transferred', [name, fromHex(account), fromHex(to), encodeAmount(amount)]);
  return null;
}

/** `burn(asset, amount)` of the sender's own balance, by a client. */
function burn(reader: Arguments, context: OperationContext): CborValue {
  const name = reader.name();
  const amount = readAmount(reader);
  reader.end();
  const { account } = requireRole(context, 'client');
  const asset = demandAsset(context, name);
  const held = demandFunds(context, name, account, amount);
  context.set(assetKey(name), encodeAsset({ ...asset, supply: asset.supply - amount }));
  writeBalance(context, name, account, held - amount);
  context.emit('asset-burned', [name, fromHex(account), encodeAmount(amount)]);
  return null;
}

function readAccount(reader: Arguments): AccountId {
  return toHex(reader.bytes(32)) as AccountId;
}

function readAmount(reader: Arguments): bigint {
  const amount = decodeAmount(reader.bytes());
  if (amount === 0n) throw new OperationFailed('AMOUNT_ZERO');
  return amount;
}

function demandAsset(context: OperationContext, name: string): Asset {
  const asset = assetIn(context.state, name);
  if (asset === undefined) throw new OperationFailed('ASSET_UNKNOWN');
  return asset;
}

function demandAccount(context: OperationContext, account: AccountId): void {
  if (accountIn(context.state, account) === undefined) throw new OperationFailed('ACCOUNT_UNKNOWN');
}

function demandFunds(context: OperationContext, name: string, account: AccountId, amount: bigint): bigint {
  const held = balanceIn(context.state, name, account);
  if (held < amount) throw new OperationFailed('FUNDS_INSUFFICIENT', `${held} are held`);
  return held;
}

function credit(context: OperationContext, name: string, account: AccountId, amount: bigint): void {
  writeBalance(context, name, account, balanceIn(context.state, name, account) + amount);
}

/** A zero balance has no record. */
function writeBalance(context: OperationContext, name: string, account: AccountId, amount: bigint): void {
  const key = balanceKey(name, account);
  if (amount === 0n) context.delete(key);
  else context.set(key, encodeBalance(amount));
}
