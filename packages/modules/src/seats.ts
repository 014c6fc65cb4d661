import { type Configuration, faultModelOf, faultsTolerated, type ValidatorMember } from '@varve/consensus';
import { encodeCbor, type PublicKeyHex } from '@varve/encoding';
import { type OperationContext, OperationFailed } from '@varve/ledger';
import { usedKeyKey, usedNameKey } from './governance-state.ts';
import { isReady } from './readiness.ts';

/**
 * Checks everything about the seats of `next` that stays as it is until the configuration changes.
 * @param override - Whether an organization may hold more seats than the protocol tolerates faults.
 * @throws {OperationFailed} `ORGANIZATION_UNKNOWN`, `SEAT_REUSED`, `SEATS_CONCENTRATED`.
 */
export function checkSeats(context: OperationContext, next: Configuration, override: boolean): void {
  const { configuration, organizations } = context.chain;
  for (const seat of next.validators) {
    if (!organizations.includes(seat.organization))
      throw new OperationFailed('ORGANIZATION_UNKNOWN', `${seat.name} is of ${seat.organization}`);
    checkUnused(context, configuration, seat);
  }
  if (!override) checkSpread(next);
}

/** Names and keys of seats are used once: a certificate of old must not pass for one of other members. */
function checkUnused(context: OperationContext, current: Configuration, seat: ValidatorMember): void {
  const same = current.validators.find(({ name }) => name === seat.name);
  if (same === undefined && context.get(usedNameKey(seat.name)) !== undefined)
    throw new OperationFailed('SEAT_REUSED', `there was another ${seat.name}`);
  const present = new Set(current.validators.flatMap(keysOf));
  for (const role of ['signingKey', 'networkKey'] as const) {
    const key = seat[role];
    if (same?.[role] === key) continue;
    if (present.has(key) || context.get(usedKeyKey(key)) !== undefined)
      throw new OperationFailed('SEAT_REUSED', `the ${role} of ${seat.name} was used before`);
  }
}

/** DESIGN §2: where liars are tolerated, one organization must not be more than are tolerated. */
function checkSpread(next: Configuration): void {
  const faultModel = faultModelOf(next.protocol);
  if (faultModel !== 'byzantine') return;
  const seatsMax = faultsTolerated(next.validators.length, faultModel);
  for (const { organization } of next.validators) {
    const seats = next.validators.filter((seat) => seat.organization === organization).length;
    if (seats > seatsMax)
      throw new OperationFailed('SEATS_CONCENTRATED', `${organization} holds ${seats} seats, more than ${seatsMax}`);
  }
}

/**
 * Checks that every new seat, and for a change of the rules every seat, said that it is ready.
 * @throws {OperationFailed} `SEAT_NOT_READY`.
 */
export function checkReadiness(context: OperationContext, next: Configuration): void {
  const current = context.chain.configuration;
  const { rules } = next.parameters;
  const isEach = rules !== current.parameters.rules;
  for (const seat of next.validators) {
    if (!isEach && current.validators.some((present) => isSameSeat(present, seat))) continue;
    if (!isReady(context, seat, rules))
      throw new OperationFailed('SEAT_NOT_READY', `${seat.name} has not said that it is ready`);
  }
}

/** Remembers names and keys of both configurations for ever; those of a genesis are in no state before they leave. */
export function recordSeats(context: OperationContext, next: Configuration): void {
  for (const { number, validators } of [context.chain.configuration, next]) {
    for (const seat of validators) {
      for (const key of [usedNameKey(seat.name), ...keysOf(seat).map(usedKeyKey)])
        if (context.get(key) === undefined) context.set(key, encodeCbor([number]));
    }
  }
}

function keysOf(seat: ValidatorMember): readonly PublicKeyHex[] {
  return [seat.signingKey, seat.networkKey];
}

function isSameSeat(a: ValidatorMember, b: ValidatorMember): boolean {
  return (
    a.name === b.name &&
    a.organization === b.organization &&
    a.signingKey === b.signingKey &&
    a.networkKey === b.networkKey
  );
}
