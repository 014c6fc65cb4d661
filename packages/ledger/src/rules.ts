import type { Configuration } from '@varve/consensus';

/** The newest version of the execution rules that this program knows; it knows all before too. */
export const RULES_KNOWN = 1;

/** Why a program that knows rules up to `known` must not execute blocks of `configuration`; `undefined` where it may. */
export function rulesFault(configuration: Configuration, first: number, known: number): string | undefined {
  const { rules } = configuration.parameters;
  if (rules <= known) return undefined;
  return `blocks from ${first} on are executed by version ${rules} of the rules, and this program knows ${known}: install a newer one, then start it on the same data directory`;
}
