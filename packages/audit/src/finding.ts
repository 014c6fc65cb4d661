import type { TransactionId } from '@varve/encoding';

/** What an audit can find, by code; docs/errors.md says what each means. */
export const FINDING_CODES = [
  'BLOCK_MISSING',
  'BLOCK_MISPLACED',
  'BLOCK_UNREADABLE',
  'CERTIFICATE_BELOW_QUORUM',
  'CERTIFICATE_MISSING',
  'CERTIFICATE_UNREADABLE',
  'CERTIFICATE_WRONG',
  'CHAIN_WRONG',
  'CONFIGURATION_WRONG',
  'COPIES_DIVERGE',
  'EVIDENCE_INVALID',
  'EXECUTION_FAILED',
  'FILE_DAMAGED',
  'GENESIS_WRONG',
  'HEADER_WRONG',
  'HISTORY_ROOT_WRONG',
  'JOURNAL_GAP',
  'LINK_BROKEN',
  'OUTCOME_CHANGED',
  'PAYLOAD_CHANGED',
  'RECORD_DAMAGED',
  'RECORD_MISSING',
  'RECORD_UNEXPECTED',
  'RECORD_WRONG',
  'RULES_UNKNOWN',
  'SEAL_BY_NON_MEMBER',
  'SEAL_FORGED',
  'STATE_ROOT_WRONG',
  'STATE_WRONG',
  'TAIL_TRUNCATED',
  'TIP_WRONG',
  'TRANSACTION_CHANGED',
  'TRANSACTION_INADMISSIBLE',
  'TRANSACTION_REPLAYED',
  'TRANSACTIONS_ROOT_WRONG',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** One thing that is not as it must be. */
export interface Finding {
  readonly code: FindingCode;
  /** Of the block concerned; null where it is no block's. */
  readonly height: number | null;
  readonly transaction: TransactionId | null;
  /** Name of the validator concerned. */
  readonly validator: string | null;
  /** A sentence for people. */
  readonly text: string;
}

/** Findings kept of one copy; more are counted. */
const FINDINGS_MAX = 10_000;

/** Collects what is found, in order. */
export class Findings {
  readonly #list: Finding[];
  #total: number;

  /** @param earlier - What an audit found before it was interrupted. */
  constructor(earlier: readonly Finding[] = [], total: number = earlier.length) {
    this.#list = [...earlier];
    this.#total = total;
  }

  get list(): readonly Finding[] {
    return this.#list;
  }

  /** With those that are not kept. */
  get total(): number {
    return this.#total;
  }

  add(
    code: FindingCode,
    height: number | null,
    text: string,
    about: { readonly transaction?: TransactionId; readonly validator?: string } = {},
  ): void {
    this.#total += 1;
    if (this.#list.length >= FINDINGS_MAX) return;
    this.#list.push({
      code,
      height,
      transaction: about.transaction ?? null,
      validator: about.validator ?? null,
      text,
    });
  }
}
