/** What an audit cannot be done with. */
export type AuditErrors = {
  /** A progress file that is none, was cut off, or was changed. */
  AUDIT_PROGRESS_MALFORMED: { reason: string };
  /** It is of another chain, or of another copy of it. */
  AUDIT_PROGRESS_FOREIGN: { reason: string };
  /** The copy holds no blocks from 1 on, and nothing says that those below were judged. */
  AUDIT_PROGRESS_MISSING: { reason: string };
  /** The copy does not prove what it would be judged from. */
  AUDIT_START_UNPROVEN: { reason: string };
};

/** A failed operation of the audit itself. */
export class AuditError<C extends keyof AuditErrors = keyof AuditErrors> extends Error {
  override readonly name = 'AuditError';
  readonly code: C;
  readonly details: AuditErrors[C];

  constructor(code: C, details: AuditErrors[C], options?: ErrorOptions) {
    super(`${code}: ${details.reason}`, options);
    this.code = code;
    this.details = details;
  }
}
