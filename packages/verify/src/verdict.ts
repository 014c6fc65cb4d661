import { LedgerError } from '@varve/ledger';

/** Why something proves nothing. Stable: clients branch on it. */
export type RefusalReason =
  /** The genesis document that the caller trusts is none. */
  | 'GENESIS_MALFORMED'
  | 'RECEIPT_MALFORMED'
  | 'EVIDENCE_MALFORMED'
  | 'TRANSACTION_MALFORMED'
  | 'BLOCK_MALFORMED'
  | 'HEADER_MALFORMED'
  | 'CERTIFICATE_MALFORMED'
  | 'CONFIGURATION_MALFORMED'
  | 'PROOF_MALFORMED'
  | 'VALUE_MALFORMED'
  /** It is of another chain than what the caller trusts. */
  | 'CHAIN_MISMATCH'
  /** The transaction, or a statement, is not signed by the key it names. */
  | 'SIGNATURE_INVALID'
  /** The results are not those that the outcome names, or none at all. */
  | 'RESULTS_MISMATCH'
  /** The block's transactions root does not cover this transaction with this outcome at this place. */
  | 'LEAF_NOT_INCLUDED'
  /** The certified block's history does not hold the transaction's block. */
  | 'BLOCK_NOT_IN_HISTORY'
  /** A step from one configuration to the next is not certified by the former, or does not name the latter. */
  | 'CONFIGURATION_STEP_INVALID'
  /** A block is not of a configuration that the steps lead to, or outside the heights that one ruled. */
  | 'CONFIGURATION_UNKNOWN'
  /** The certificate is of another block. */
  | 'CERTIFICATE_FOREIGN'
  /** A quorum of the configuration did not sign; the detail is the certificate's fault. */
  | 'CERTIFICATE_INVALID'
  /** The two statements do not contradict each other. */
  | 'EVIDENCE_CONSISTENT'
  /** No validator of the configuration has the signing key. */
  | 'SIGNER_UNKNOWN'
  /** The state proof does not lead to the header's state root, or to another value. */
  | 'STATE_MISMATCH'
  | 'CHECKPOINT_MALFORMED'
  | 'CONSISTENCY_MALFORMED'
  /** It shows another block at the height of the checkpoint that the caller trusts. */
  | 'CONTRADICTS_CHECKPOINT'
  /** The block is below the trusted checkpoint, and no path leads from that one's history to it. */
  | 'BEFORE_CHECKPOINT'
  /** The consistency proof is of other blocks. */
  | 'CONSISTENCY_FOREIGN'
  /** Two checkpoints of different heights can be compared only with a proof between them. */
  | 'CONSISTENCY_MISSING'
  /** A recovery document stands for a certificate: no version judges one yet. */
  | 'RECOVERY_UNSUPPORTED';

/** What a verification looks at, in the order in which it does. */
export type Check =
  /** The bytes are what they are taken for. */
  | 'form'
  /** What the caller trusts: a genesis document or a checkpoint. */
  | 'trust'
  /** It is of the chain of what is trusted. */
  | 'chain'
  /** Who ruled when, from there on. */
  | 'configurations'
  | 'signature'
  /** The transaction, with its outcome, is in the block; or the value is in the state. */
  | 'outcome'
  | 'value'
  /** The block is in the history of another. */
  | 'history'
  /** A quorum signed. */
  | 'certificate';

/** One thing that was looked at, in plain words. */
export interface Step {
  readonly check: Check;
  readonly ok: boolean;
  /** A sentence: what holds, or what does not. */
  readonly text: string;
}

/** Nothing is proven. `detail` says more, for people; the last of `steps` is the one that failed. */
export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly steps: readonly Step[];
}

/** What was checked, or why it failed. */
export type Verdict<T> = { readonly ok: true; readonly report: T; readonly steps: readonly Step[] } | Refusal;

/** Leaves a verification that is under way; `judged` makes a refusal of it. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Ends the verification: nothing is proven. */
export function refuse(reason: RefusalReason, detail: string): never {
  throw new Refused(reason, detail);
}

/** Goes on only if `fact` holds. */
export function demand(fact: boolean, reason: RefusalReason, detail: string): asserts fact {
  if (!fact) refuse(reason, detail);
}

/**
 * What `read` makes of outside bytes; whatever it throws becomes a refusal for `reason`, but for a recovery document, which
 * is no garbage.
 */
export function reading<T>(reason: RefusalReason, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const told = error instanceof LedgerError && error.code === 'RECOVERY_UNSUPPORTED' ? error.code : reason;
    throw new Refused(told, detailOf(error, told));
  }
}

/** What is said of a check that failed. */
const FAILED: Readonly<Record<Check, string>> = {
  form: 'It is not what it is taken for.',
  trust: 'The genesis document or checkpoint that you trust is none.',
  chain: 'It is of another chain than the one you trust.',
  configurations: 'The way to the validators that signed is broken.',
  signature: 'The signature is not that of the key.',
  outcome: 'The block does not hold this transaction with this outcome.',
  value: 'The state does not hold this value.',
  history: 'The block is not in the history of the certified one.',
  certificate: 'It is not shown that a quorum of the right validators signed this block.',
};

/** Notes what was checked, step by step. */
export class Trail {
  readonly steps: Step[] = [];

  /** Runs one check; `says` is the sentence for its success. What the check throws is noted, and goes on. */
  take<T>(check: Check, run: () => T, says: (result: T) => string): T {
    try {
      const result = run();
      this.steps.push({ check, ok: true, text: says(result) });
      return result;
    } catch (error) {
      this.steps.push({ check, ok: false, text: FAILED[check] });
      throw error;
    }
  }
}

/** The verdict of `verify`; `otherwise` is the reason for what nobody foresaw, such as arguments of a wrong type. */
export function judged<T>(otherwise: RefusalReason, verify: (trail: Trail) => T): Verdict<T> {
  const trail = new Trail();
  const { steps } = trail;
  try {
    return { ok: true, report: verify(trail), steps };
  } catch (error) {
    const reason = error instanceof Refused ? error.reason : otherwise;
    return { ok: false, reason, detail: detailOf(error, reason), steps };
  }
}

/** What the error says, without the code that the reason already says. */
function detailOf(error: unknown, reason: RefusalReason): string {
  // Arguments of a program may throw anything, also from getters.
  if (!(error instanceof Error) || typeof error.message !== 'string') return 'malformed';
  return error.message.startsWith(`${reason}: `) ? error.message.slice(reason.length + 2) : error.message;
}
