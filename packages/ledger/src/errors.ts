/** What can be wrong with ledger records, documents and stores. */
export type LedgerErrors = {
  TRANSACTION_MALFORMED: { reason: string };
  PAYLOAD_MALFORMED: { reason: string };
  HEADER_MALFORMED: { reason: string };
  BLOCK_MALFORMED: { reason: string };
  SEAL_MALFORMED: { reason: string };
  CERTIFICATE_MALFORMED: { reason: string };
  RECEIPT_MALFORMED: { reason: string };
  EVIDENCE_MALFORMED: { reason: string };
  CHECKPOINT_MALFORMED: { reason: string };
  CONSISTENCY_MALFORMED: { reason: string };
  /** A recovery document stands for the certificate of a last block: nothing judges it yet. */
  RECOVERY_UNSUPPORTED: { reason: string };
  CONFIGURATION_MALFORMED: { reason: string };
  GENESIS_MALFORMED: { reason: string };
  RECORD_MALFORMED: { reason: string };
  /** The state of a height that is not kept. */
  STATE_UNAVAILABLE: { reason: string };
};

/** Bytes or values that are not a record of the ledger. */
export class LedgerError<C extends keyof LedgerErrors = keyof LedgerErrors> extends Error {
  override readonly name = 'LedgerError';
  readonly code: C;
  readonly details: LedgerErrors[C];

  constructor(code: C, details: LedgerErrors[C], options?: ErrorOptions) {
    super(`${code}: ${details.reason}`, options);
    this.code = code;
    this.details = details;
  }
}

/** Runs `read`, turning whatever an encoding layer throws into a `LedgerError` with `code`. */
export function readingAs<T>(code: keyof LedgerErrors, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof LedgerError) throw cause;
    throw new LedgerError(code, { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}
