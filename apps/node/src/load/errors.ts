/** What can go wrong with load on a network. */
export type LoadErrors = {
  /** A submission was answered with something else than what it waited for. */
  LOAD_REFUSED: { url: string; status: number; body: string };
  /** A node did not answer. */
  LOAD_UNANSWERED: { url: string; reason: string };
  /** No transaction of load has exactly so many bytes. */
  TRANSACTION_SIZE_UNREACHABLE: { bytes: number; bytesMin: number; bytesMax: number };
};

/** A failed operation of load; `message` is a sentence for people. */
export class LoadError<C extends keyof LoadErrors = keyof LoadErrors> extends Error {
  override readonly name = 'LoadError';
  readonly code: C;
  readonly details: LoadErrors[C];

  constructor(code: C, message: string, details: LoadErrors[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
