import { fromHex, utf8Encode } from '@varve/encoding';
import { encodeConfiguration, type Operation, RULES_KNOWN } from '@varve/ledger';
import { encodeAmount } from '@varve/modules';
import type { Dice } from '../world/dice.ts';
import type { Model, Request } from './model.ts';

/** The one asset of a simulated chain, and what each client gets of it. */
export const ASSET = 'gold';
export const ISSUED = 1000;
/** Few paths, so that clients meet on them. */
const PATHS = 6;
/** Larger than any balance. */
const UNAFFORDABLE = 1_000_000_000;

/** The operation that stands for a request in a transaction. */
export function operationOf(request: Request): Operation {
  switch (request.kind) {
    case 'create':
      return coordination('create', [request.path, utf8Encode(request.value)]);
    case 'set':
      return coordination('set', [request.path, utf8Encode(request.value), request.version]);
    case 'delete':
      return coordination('delete', [request.path, request.version]);
    case 'check':
      return coordination('check', [request.path, request.version]);
    case 'define':
      return { module: 'assets', method: 'define', arguments: [request.asset, 'Gold', 0] };
    case 'issue':
      return assetOperation('issue', request.asset, request.to, request.amount);
    case 'transfer':
      return assetOperation('transfer', request.asset, request.to, request.amount);
    case 'ready':
      return governance('ready', readyArguments(request));
    case 'propose':
      // One organization has all seats.
      return governance('propose', [encodeConfiguration(request.configuration), true]);
  }
}

function coordination(method: string, args: Operation['arguments']): Operation {
  return { module: 'coordination', method, arguments: args };
}

function assetOperation(method: string, asset: string, to: string, amount: number): Operation {
  return { module: 'assets', method, arguments: [asset, fromHex(to), encodeAmount(BigInt(amount))] };
}

function governance(method: string, args: Operation['arguments']): Operation {
  return { module: 'governance', method, arguments: args };
}

function readyArguments({ seat, proof }: Extract<Request, { kind: 'ready' }>): Operation['arguments'] {
  const validator = [seat.name, seat.organization, fromHex(seat.signingKey), fromHex(seat.networkKey)];
  return [validator, RULES_KNOWN, proof.height, fromHex(proof.blockHash), proof.signature];
}

/** A path that clients read and write. */
export function drawPath(dice: Dice): string {
  return `/k${dice.between(0, PATHS - 1)}`;
}

/**
 * What a client asks for next: mostly something that can succeed now, sometimes not, sometimes several things at once.
 * @param value - Written by nobody else.
 */
export function drawRequests(dice: Dice, model: Model, accounts: readonly string[], value: string): Request[] {
  if (dice.chance(0.15)) return [drawCheck(dice, model), drawOne(dice, model, accounts, value)];
  // The second may fail when the first has succeeded: then neither must have happened.
  if (dice.chance(0.15)) return [drawOne(dice, model, accounts, value), drawOne(dice, model, accounts, `${value}+`)];
  return [drawOne(dice, model, accounts, value)];
}

function drawCheck(dice: Dice, model: Model): Request {
  const path = drawPath(dice);
  return { kind: 'check', path, version: model.version(path) ?? null };
}

function drawOne(dice: Dice, model: Model, accounts: readonly string[], value: string): Request {
  if (dice.chance(0.3)) {
    const amount = dice.chance(0.1) ? UNAFFORDABLE : dice.between(1, 20);
    return { kind: 'transfer', asset: ASSET, to: dice.pick(accounts), amount };
  }
  const path = drawPath(dice);
  const version = model.version(path);
  if (version === undefined && !dice.chance(0.1)) return { kind: 'create', path, value };
  const expected = dice.chance(0.4) ? (version ?? 0) : null;
  if (dice.chance(0.15)) return { kind: 'delete', path, version: expected };
  return { kind: 'set', path, value, version: expected };
}
