/** What can be wrong with an export. */
export type ExportErrors = {
  /** A file that is none, was cut off, or was changed. */
  EXPORT_MALFORMED: { reason: string };
  /** The copy does not hold what is to be exported. */
  EXPORT_SOURCE_DAMAGED: { reason: string };
};

/** A failed export, or a file that cannot be read as one. */
export class ExportError<C extends keyof ExportErrors = keyof ExportErrors> extends Error {
  override readonly name = 'ExportError';
  readonly code: C;
  readonly details: ExportErrors[C];

  constructor(code: C, details: ExportErrors[C], options?: ErrorOptions) {
    super(`${code}: ${details.reason}`, options);
    this.code = code;
    this.details = details;
  }
}
