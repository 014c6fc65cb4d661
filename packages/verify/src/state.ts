import { bytesEqual } from '@varve/encoding';
import { type StateEntry, stateTreeKey, stateTreeValue } from '@varve/ledger';
import { decodeStateProof, type StateProof, verifyStateProof } from '@varve/merkle';
import {
  type CertifiedHeaderBytes,
  certifiedHeader,
  type HeaderReport,
  type ReadHeader,
  readHeader,
} from './certified-block.ts';
import { wellFormed } from './configurations.ts';
import type { Options } from './finality.ts';
import type { Trust } from './trust.ts';
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
export function verifyState(answer: StateAnswer, trust: Trust, options: Options = {}): Verdict<StateReport> {
  return judged('VALUE_MALFORMED', (trail) => {
    const { asked, claimed, proof, header } = trail.take('form', () => readAnswer(answer), wellFormed('the answer'));
    const report = certifiedHeader(trail, header, trust, options);
    const { stateRoot, height } = report.sealed.header;
    const found = (): void => {
      const proven = verifyStateProof(stateRoot, asked, proof);
      demand(proven.ok, 'STATE_MISMATCH', proven.ok ? '' : proven.reason);
      const same = claimed && proven.value ? bytesEqual(claimed, proven.value) : claimed === proven.value;
      demand(same, 'STATE_MISMATCH', 'the proof is of another value');
    };
    const what = claimed === undefined ? 'The key is absent from' : 'This value is under the key in';
    trail.take('value', found, () => `${what} the state after block ${height}.`);
    return { ...report, height, entry: answer.entry };
  });
}

interface ReadAnswer {
  readonly asked: Uint8Array;
  /** Absent where the key is said to be. */
  readonly claimed: Uint8Array | undefined;
  readonly proof: StateProof;
  readonly header: ReadHeader;
}

function readAnswer(answer: StateAnswer): ReadAnswer {
  const { module, key, entry } = answer;
  return {
    asked: reading('VALUE_MALFORMED', () => stateTreeKey(module, key)),
    claimed: reading('VALUE_MALFORMED', () => (entry === null ? undefined : stateTreeValue(entry))),
    proof: reading('PROOF_MALFORMED', () => decodeStateProof(answer.proof)),
    header: readHeader(answer),
  };
}
