import { isRegistrableKey } from '@varve/crypto';
import { fromHex, isHex, type PublicKeyHex, publicKeyHex } from '@varve/encoding';
import { NAME_PATTERN } from '@varve/ledger';
import type { Located } from './located.ts';

/** The field `name`, which must be there. */
export function required(fields: ReadonlyMap<string, Located>, name: string, parent: Located): Located | undefined {
  return fields.get(name) ?? parent.problem(`"${name}" is missing`, `add "${name}"`);
}

/** A `name` of FORMATS: 1 to 32 of `a-z`, `0-9` and `-`. */
export function nameField(at: Located | undefined): string | undefined {
  const text = at?.text();
  if (text === undefined || NAME_PATTERN.test(text)) return text;
  return at?.problem(`"${text.slice(0, 80)}" is not a name`, 'use 1 to 32 of a-z, 0-9 and -');
}

/** A public key that may be registered: canonical, in the prime-order subgroup, not of small order. */
export function keyField(at: Located | undefined): PublicKeyHex | undefined {
  const text = at?.text();
  if (text === undefined) return undefined;
  const fix = 'copy it from "varve keys show"';
  if (!isHex(text, 32)) return at?.problem('a public key is 64 lower-case hexadecimal digits', fix);
  if (!isRegistrableKey(fromHex(text))) return at?.problem('this is no sound Ed25519 public key', fix);
  return publicKeyHex(text);
}

/** An unsigned safe integer from `min`. */
export function integerField(at: Located | undefined, min: number): number | undefined {
  const text = at?.text();
  if (text === undefined) return undefined;
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  return at?.problem(`"${text.slice(0, 80)}" is not a whole number`, `write a whole number of at least ${min}`);
}

/** One of `choices`. */
export function choiceField<T extends string>(at: Located | undefined, choices: readonly T[]): T | undefined {
  const text = at?.text();
  if (text === undefined) return undefined;
  const fix = `use one of ${choices.join(', ')}`;
  return choices.find((choice) => choice === text) ?? at?.problem(`"${text.slice(0, 80)}" is none of them`, fix);
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

/** Unix milliseconds of an RFC 3339 time, or `undefined` when it is none. */
export function parseTime(text: string): number | undefined {
  const time = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isSafeInteger(time) && time >= 0 ? time : undefined;
}

/** An RFC 3339 time as Unix milliseconds. */
export function timeField(at: Located | undefined): number | undefined {
  const text = at?.text();
  if (text === undefined) return undefined;
  const rule = `"${text.slice(0, 80)}" is not an RFC 3339 time`;
  return parseTime(text) ?? at?.problem(rule, 'write it like 2026-01-31T12:00:00Z');
}
