import type { GovernancePolicy, Parameters } from '@varve/consensus';
import { PARAMETERS_DEFAULT, TRANSACTION_BYTES_HARD_MAX } from '@varve/ledger';
import { integerField, nameField, required, timeField } from './fields.ts';
import type { Located } from './located.ts';

/** A payload must have room for its own frame around the largest transaction. */
const PAYLOAD_OVERHEAD_BYTES = 1024;
const LIMITS = [
  'rules',
  'transactionBytesMax',
  'payloadBytesMax',
  'operationsMax',
  'keyBytesMax',
  'valueBytesMax',
  'validityMs',
] as const;

/** The `parameters` of a genesis document: overrides of the defaults. */
export function parametersField(at: Located | undefined): Parameters | undefined {
  if (at === undefined) return undefined;
  const parameters: Parameters = { ...PARAMETERS_DEFAULT, ...parameterChanges(at) };
  if (parameters.transactionBytesMax > TRANSACTION_BYTES_HARD_MAX)
    return at.problem(`transactionBytesMax is above ${TRANSACTION_BYTES_HARD_MAX}`, 'lower it');
  if (parameters.transactionBytesMax + PAYLOAD_OVERHEAD_BYTES > parameters.payloadBytesMax)
    return at.problem('a payload has no room for the largest transaction', 'raise payloadBytesMax');
  return parameters;
}

/** The parameters that a document names. */
export function parameterChanges(at: Located): Partial<Parameters> {
  const fields = at.fields([...LIMITS, 'timeFloor', 'policies']);
  const limits: Partial<Record<(typeof LIMITS)[number], number>> = {};
  for (const name of LIMITS) {
    const value = integerField(fields.get(name), 1);
    if (value !== undefined) limits[name] = value;
  }
  const [floorAt, policiesAt] = [fields.get('timeFloor'), fields.get('policies')];
  return {
    ...limits,
    ...(floorAt && { timeFloor: floorAt.text() === 'null' ? null : (timeField(floorAt) ?? null) }),
    ...(policiesAt && { policies: policiesAt.items().flatMap(readPolicy) }),
  };
}

function readPolicy(at: Located): readonly GovernancePolicy[] {
  const fields = at.fields(['kind', 'numerator', 'denominator']);
  const kind = nameField(required(fields, 'kind', at));
  const numerator = integerField(required(fields, 'numerator', at), 0);
  const denominator = integerField(required(fields, 'denominator', at), 1);
  if (kind === undefined || numerator === undefined || denominator === undefined) return [];
  if (numerator >= denominator) return at.problem('more than everybody is asked', 'numerator must be less') ?? [];
  return [{ kind, numerator, denominator }];
}
