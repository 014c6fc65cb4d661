/** Why something proves nothing. Stable: clients branch on it. */
export type RefusalReason =
  /** The genesis document that the caller trusts is none. */
  | 'GENESIS_MALFORMED'
  | 'RECEIPT_MALFORMED'
  | 'EVIDENCE_MALFORMED'
  | 'TRANSACTION_MALFORMED'
  | 'HEADER_MALFORMED'
  | 'CERTIFICATE_MALFORMED'
  | 'CONFIGURATION_MALFORMED'
  | 'PROOF_MALFORMED'
  | 'VALUE_MALFORMED'
  /** It is of another chain than the genesis document's. */
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
  | 'STATE_MISMATCH';

/** Nothing is proven. `detail` says more, for people. */
export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  readonly detail: string;
}

/** What was checked, or why it failed. */
export type Verdict<T> = { readonly ok: true; readonly report: T } | Refusal;

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

/** What `read` makes of outside bytes; whatever it throws becomes a refusal for `reason`. */
export function reading<T>(reason: RefusalReason, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Refused(reason, detailOf(error, reason));
  }
}

/** The verdict of `verify`; `otherwise` is the reason for what nobody foresaw, such as arguments of a wrong type. */
export function judged<T>(otherwise: RefusalReason, verify: () => T): Verdict<T> {
  try {
    return { ok: true, report: verify() };
  } catch (error) {
    const reason = error instanceof Refused ? error.reason : otherwise;
    return { ok: false, reason, detail: detailOf(error, reason) };
  }
}

/** What the error says, without the code that the reason already says. */
function detailOf(error: unknown, reason: RefusalReason): string {
  if (!(error instanceof Error)) return 'malformed';
  return error.message.startsWith(`${reason}: `) ? error.message.slice(reason.length + 2) : error.message;
}
