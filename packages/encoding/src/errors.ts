/** What can be wrong with encoded bytes; `offset` counts bytes from the start of the input. */
export type EncodingErrors = {
  /** The bytes are not canonical CBOR of the profile of `cbor.ts`. */
  CBOR_MALFORMED: { reason: string; offset: number };
  /** The bytes are canonical CBOR, but not of the expected shape. */
  CBOR_UNEXPECTED: { expected: string; offset: number };
  /** A value cannot be written in the profile (a fraction, a negative number, a lone surrogate). */
  CBOR_UNENCODABLE: { reason: string };
  HEX_MALFORMED: { text: string };
  /** An identifier does not have the form of its kind. */
  ID_MALFORMED: { kind: string; text: string };
};

/** Malformed bytes or text. Outside input reaches it only through a decoder. */
export class EncodingError<C extends keyof EncodingErrors = keyof EncodingErrors> extends Error {
  override readonly name = 'EncodingError';
  readonly code: C;
  readonly details: EncodingErrors[C];

  constructor(code: C, details: EncodingErrors[C], options?: ErrorOptions) {
    super(`${code}: ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
  }
}
