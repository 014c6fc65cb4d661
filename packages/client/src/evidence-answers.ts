import type { EpochAnswer } from './answers.ts';

/** What a validator contradicted itself in. */
export type EvidenceKind = 'votes' | 'proposals' | 'seals';

/** What a validator signed. */
export type StatementAnswer =
  | {
      readonly kind: 'prevote' | 'precommit';
      readonly instance: string;
      readonly index: number;
      readonly round: number;
      /** Null: for nothing. */
      readonly payload: string | null;
      readonly signature: string;
    }
  | {
      readonly kind: 'proposal';
      readonly instance: string;
      readonly index: number;
      readonly round: number;
      readonly validRound: number | null;
      readonly firstEpoch: EpochAnswer;
      readonly payload: string;
      readonly signature: string;
    }
  | {
      readonly kind: 'seal';
      readonly height: number;
      readonly blockHash: string;
      readonly configurationHash: string;
      readonly signature: string;
    };

/** Two statements of one validator that contradict each other. */
export interface EvidenceItem {
  /** The same on every node. */
  readonly id: string;
  readonly validator: string;
  readonly organization: string;
  readonly signingKey: string;
  /** Number of the configuration in which it had its seat. */
  readonly configuration: number;
  readonly configurationHash: string;
  readonly kind: EvidenceKind;
  /** Of seals, the block's height; else null. */
  readonly height: number | null;
  /** Of votes and proposals, where in the engine's order; else null. */
  readonly index: number | null;
  readonly round: number | null;
  readonly first: StatementAnswer;
  readonly second: StatementAnswer;
  /** The portable bytes, for `verifyEvidence` and `varve evidence verify`. */
  readonly record: string;
}

/** `GET /v1/evidence`, by id. */
export interface EvidenceAnswer {
  readonly evidence: readonly EvidenceItem[];
  /** Records on all pages. */
  readonly total: number;
  /** The `after` of the next page; null on the last. */
  readonly next: string | null;
}
