import type { CopiedBlock, CopyClaim, FindingCode } from '@varve/audit';
import type { Genesis } from '@varve/ledger';
import type { Store } from '@varve/ledger/chain';

/** A fault that opening a copy showed. */
export interface CopyFault {
  readonly code: FindingCode;
  readonly height: number | null;
  readonly text: string;
}

/** A copy of a ledger, wherever it is kept. */
export interface AuditCopy {
  /** As the operator named it. */
  readonly name: string;
  readonly kind: 'data directory' | 'export';
  /** As the copy has it: whether it is the right one is the caller's to know. */
  readonly genesis: Genesis;
  /** What the copy says of itself; absent where that cannot be read. */
  readonly claim: CopyClaim | undefined;
  /** What a node derives from blocks; absent where the copy holds blocks alone. */
  readonly derived: Store | undefined;
  readonly faults: readonly CopyFault[];
  /** Height of its first block after block 0. */
  readonly first: number;
  /** Blocks from a height on, each next. */
  blocks(from: number): AsyncIterable<CopiedBlock>;
  /** Every record, of a copy that has `derived`. */
  records(): AsyncIterable<readonly [key: Uint8Array, record: Uint8Array]>;
  close(): Promise<void>;
}
