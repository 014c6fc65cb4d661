import { type Client, type StateAnswer, stateClaim } from '@varve/client';
import { bytesEqual, fromHex, isHex } from '@varve/encoding';
import { coordinationKey } from '@varve/modules';
import { type StateReport, type Trust, verifyState } from '@varve/verify';
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
  const claim = stateClaim(answer, await client.configurations());
  const key = asked.key.startsWith('/') ? coordinationKey(asked.key) : keyOf(asked.key);
  const verdict = verifyState({ ...claim, module: asked.module, key }, trust);
  if (!verdict.ok) throw invalid('STATE_PROOF_INVALID', 'proof', verdict);
  const { report } = verdict;
  const isOther = claim.module !== asked.module || !bytesEqual(claim.key, key) || answer.height !== report.height;
  if (isOther || (asked.height !== undefined && asked.height !== report.height))
    throw new CliError('STATE_PROOF_INVALID', `the proof is of another key or height than was asked: ${report.height}`);
  return report;
}

/** The API has refused what is no hexadecimal; a liar may not. */
function keyOf(text: string): Uint8Array {
  return isHex(text) ? fromHex(text) : new Uint8Array();
}
