import { IdMap, type PayloadId } from '@varve/encoding';
import { decodedTransaction, decodePayload, LedgerError, type PayloadContent, type Transaction } from '@varve/ledger';

/** A payload with its transactions decoded; `undefined` for those that are malformed. */
export interface OpenedPayload {
  readonly content: PayloadContent;
  readonly decoded: readonly (Transaction | undefined)[];
}

/** Payloads on their way to execution, each decoded once: bounded, since one that is forgotten is decoded again. */
export class OpenedPayloads {
  readonly #bytesMax: number;
  readonly #opened: IdMap<PayloadId, { readonly payload: OpenedPayload | undefined; readonly bytes: number }>;
  #bytes = 0;

  /**
   * @param bytesMax - Of payloads kept; the oldest go first.
   * @param salt - See `IdMap`.
   */
  constructor(bytesMax: number, salt: string) {
    this.#opened = new IdMap(salt);
    this.#bytesMax = bytesMax;
  }

  /** What is in a payload; `undefined` for bytes that are none, on every validator alike. */
  open(id: PayloadId, bytes: Uint8Array): OpenedPayload | undefined {
    const known = this.#opened.get(id);
    if (known) return known.payload;
    const payload = opened(bytes);
    this.keep(id, payload, bytes.length);
    return payload;
  }

  /** Keeps a payload that was decoded elsewhere, or built here. */
  keep(id: PayloadId, payload: OpenedPayload | undefined, bytes: number): void {
    this.forget(id);
    this.#opened.set(id, { payload, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#opened.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.forget(oldest);
    }
  }

  /** The payload was executed, or will not be. */
  forget(id: PayloadId): void {
    const known = this.#opened.get(id);
    if (known === undefined) return;
    this.#opened.delete(id);
    this.#bytes -= known.bytes;
  }
}

function opened(bytes: Uint8Array): OpenedPayload | undefined {
  try {
    const content = decodePayload(bytes);
    return { content, decoded: content.transactions.map(decodedTransaction) };
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
