import { bytesEqual } from '@varve/encoding';
import { type StateEntry, stateTreeKey, stateTreeValue } from '@varve/ledger';
import { decodeStateProof, verifyStateProof } from '@varve/merkle';
import { type CertifiedHeaderBytes, certifiedHeader, type HeaderReport } from './certified-block.ts';
import type { Trust } from './configurations.ts';
import { demand, judged, reading, type Verdict } from './verdict.ts';

/** What a node says about one key of the state, with its proof. */
export interface StateAnswer extends CertifiedHeaderBytes {
  readonly module: string;
  readonly key: Uint8Array;
  /** The entry; null where the key is said to be absent. */
  readonly entry: StateEntry | null;
  /** Encoded state proof. */
  readonly proof: Uint8Array;
}

/** What `verifyState` proves: the block, and that the key had this entry, or none, after it. */
export interface StateReport extends HeaderReport {
  readonly height: number;
  readonly entry: StateEntry | null;
}

/** Checks a state answer offline, for presence and absence alike. Total: any input has a verdict. */
export function verifyState(answer: StateAnswer, trust: Trust): Verdict<StateReport> {
  return judged('VALUE_MALFORMED', () => {
    const { module, key, entry } = answer;
    const asked = reading('VALUE_MALFORMED', () => stateTreeKey(module, key));
    const claimed = reading('VALUE_MALFORMED', () => (entry === null ? undefined : stateTreeValue(entry)));
    const proof = reading('PROOF_MALFORMED', () => decodeStateProof(answer.proof));
    const report = certifiedHeader(answer, trust);
    const { stateRoot, height } = report.sealed.header;
    const proven = verifyStateProof(stateRoot, asked, proof);
    demand(proven.ok, 'STATE_MISMATCH', proven.ok ? '' : proven.reason);
    const same = claimed && proven.value ? bytesEqual(claimed, proven.value) : claimed === proven.value;
    demand(same, 'STATE_MISMATCH', 'the proof is of another value');
    return { ...report, height, entry };
  });
}
