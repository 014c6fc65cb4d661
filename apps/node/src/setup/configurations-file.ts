import { fromHex, isHex } from '@varve/encoding';
import type { StepBytes } from '@varve/verify';
import { CONFIGURATION_FIELDS } from './configuration-document.ts';
import { SetupError } from './errors.ts';
import { required } from './fields.ts';
import { readText } from './files.ts';
import { describeProblems, type Located, readDocument } from './located.ts';

/**
 * The steps from one configuration to the next in a file with an answer of `/v1/configurations`, as far as they are
 * certified. Nothing of it is trusted: whoever verifies walks them from the genesis document.
 * @throws {SetupError} `CONFIGURATION_INVALID` with every problem and its line.
 */
export function readConfigurationSteps(file: string): readonly StepBytes[] {
  const result = readDocument(readText(file), readAnswer);
  if (result.problems === undefined) return result.value;
  const { problems } = result;
  throw new SetupError('CONFIGURATION_INVALID', describeProblems(file, problems), { file, problems });
}

function readAnswer(root: Located): readonly StepBytes[] | undefined {
  const fields = root.fields(['height', 'organizations', 'configurations']);
  const [, ...later] = required(fields, 'configurations', root)?.items().map(readStep) ?? [];
  const uncertified = later.indexOf(undefined);
  return (uncertified < 0 ? later : later.slice(0, uncertified)).flatMap((step) => step ?? []);
}

/** `undefined` for the genesis configuration and for one whose last block before is not certified. */
function readStep(at: Located): StepBytes | undefined {
  const fields = at.fields(CONFIGURATION_FIELDS);
  const next = bytesField(required(fields, 'bytes', at));
  const stepAt = required(fields, 'step', at);
  if (stepAt === undefined || stepAt.isText('null')) return undefined;
  const parts = stepAt.fields(['header', 'certificate']);
  const header = bytesField(required(parts, 'header', stepAt));
  const certificate = bytesField(required(parts, 'certificate', stepAt));
  return next && header && certificate && { header, certificate, next };
}

function bytesField(at: Located | undefined): Uint8Array | undefined {
  const text = at?.text();
  if (text === undefined || isHex(text)) return text === undefined ? undefined : fromHex(text);
  return at?.problem('these are no bytes in hexadecimal', 'ask a node for the file again');
}
