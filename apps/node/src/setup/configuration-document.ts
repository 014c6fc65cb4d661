import type { Parameters, ProtocolName, ValidatorMember } from '@varve/consensus';
import { SetupError } from './errors.ts';
import { protocolField, readValidators } from './genesis-document.ts';
import { parameterChanges } from './genesis-parameters.ts';
import { describeProblems, type Located, readDocument } from './located.ts';

/** What a next configuration has of its own; the rest stays as it is. */
export interface ConfigurationChanges {
  readonly protocol?: ProtocolName;
  /** All of them, ascending by name. */
  readonly validators?: readonly ValidatorMember[];
  readonly parameters?: Partial<Parameters>;
}

/** A document of changes. */
export interface ConfigurationDocument {
  readonly changes: ConfigurationChanges;
  /** Hash of the configuration that the document was made from, where it says so. */
  readonly base: string | undefined;
}

const CHANGED = ['protocol', 'validators', 'parameters'];
/** What the API and `governance show` say of a configuration beside that: a document may have been made of it. */
const TOLD = ['number', 'hash', 'parentHash', 'faultModel', 'quorum', 'current', 'firstHeight', 'bytes', 'step'];
/** All that the API says of a configuration. */
export const CONFIGURATION_FIELDS: readonly string[] = [...CHANGED, ...TOLD];

/**
 * Reads a JSON or YAML document of changes, in the shape in which `/v1/configurations` lists a configuration.
 * @param organizations - All of the chain.
 * @throws {SetupError} `CONFIGURATION_INVALID` with every problem and its line.
 */
export function parseConfigurationDocument(
  text: string,
  file: string,
  organizations: readonly string[],
): ConfigurationDocument {
  const result = readDocument(text, (root) => readChanges(root, new Set(organizations)));
  if (result.problems === undefined) return result.value;
  const { problems } = result;
  throw new SetupError('CONFIGURATION_INVALID', describeProblems(file, problems), { file, problems });
}

function readChanges(root: Located, organizations: ReadonlySet<string>): ConfigurationDocument {
  const fields = root.fields(CONFIGURATION_FIELDS);
  const protocol = protocolField(fields.get('protocol'));
  const [validatorsAt, parametersAt] = [fields.get('validators'), fields.get('parameters')];
  const changes = {
    ...(protocol !== undefined && { protocol }),
    ...(validatorsAt && { validators: readValidators(validatorsAt, organizations) }),
    ...(parametersAt && { parameters: parameterChanges(parametersAt) }),
  };
  return { changes, base: fields.get('hash')?.text() };
}
