/** What can go wrong when the API starts. */
export type ApiStartErrors = {
  /** Another program listens on the address. */
  PORT_IN_USE: { address: string };
  /** The address cannot be listened on for another reason. */
  LISTEN_FAILED: { address: string; reason: string };
  /** The folder of the explorer cannot be served. */
  EXPLORER_UNREADABLE: { path: string; reason: string };
};

/** The API cannot start. */
export class ApiStartError<C extends keyof ApiStartErrors = keyof ApiStartErrors> extends Error {
  override readonly name = 'ApiStartError';
  readonly code: C;
  readonly details: ApiStartErrors[C];

  constructor(code: C, details: ApiStartErrors[C], options?: ErrorOptions) {
    super(`${code}: ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
  }
}
