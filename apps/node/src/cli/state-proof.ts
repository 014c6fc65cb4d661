import type { Client, StateAnswer } from '@varve/client';
import { bytesEqual, fromHex, isHex } from '@varve/encoding';
import { coordinationKey } from '@varve/modules';
import { type StateReport, type StepBytes, type Trust, type Verdict, verifyState } from '@varve/verify';
import { CliError } from './failure.ts';
import { invalid } from './trust.ts';

/** Which value was asked for. */
export interface AskedState {
  readonly module: string;
  /** Its key in hexadecimal, or a path of the coordination module. */
  readonly key: string;
  /** The height that was asked for, if one was. */
  readonly height: number | undefined;
}

/**
 * Checks what a node answered, with its proof: nothing of it is taken on the node's word.
 * @throws {CliError} `STATE_PROOF_INVALID`.
 */
export async function provenState(
  client: Client,
  asked: AskedState,
  answer: StateAnswer,
  trust: Trust,
): Promise<StateReport> {
  const { proof } = answer;
  if (proof === null || proof.certificate === null)
    throw new CliError('STATE_PROOF_INVALID', 'the node gave no proof, or no certificate with it');
  const { configurations } = await client.configurations();
  const steps = configurations.flatMap(({ step, bytes }): StepBytes[] =>
    step ? [{ header: hex(step.header), certificate: hex(step.certificate), next: hex(bytes) }] : [],
  );
  const key = asked.key.startsWith('/') ? coordinationKey(asked.key) : hex(asked.key);
  const { value, version, modifiedHeight, module } = answer;
  const isAbsent = value === null || version === null || modifiedHeight === null;
  const verdict: Verdict<StateReport> = verifyState(
    {
      module: asked.module,
      key,
      entry: isAbsent ? null : { version, modifiedHeight, bytes: hex(value) },
      proof: hex(proof.stateProof),
      header: hex(proof.header),
      certificate: hex(proof.certificate),
      ...(proof.later && { later: { header: hex(proof.later.header), path: proof.later.path.map(hex) } }),
      configurations: steps,
    },
    trust,
  );
  if (!verdict.ok) throw invalid('STATE_PROOF_INVALID', 'proof', verdict);
  const { report } = verdict;
  const isOther = module !== asked.module || !bytesEqual(hex(answer.key), key) || answer.height !== report.height;
  if (isOther || (asked.height !== undefined && asked.height !== report.height))
    throw new CliError('STATE_PROOF_INVALID', `the proof is of another key or height than was asked: ${report.height}`);
  return report;
}

/** Nothing where it is no hexadecimal: the verification then refuses it. */
function hex(text: string): Uint8Array {
  return isHex(text) ? fromHex(text) : new Uint8Array();
}
