import { existsSync } from 'node:fs';
import { AuditError, type Auditor, type AuditStart, decodeProgress, encodeProgress, keptIn } from '@varve/audit';
import type { Genesis } from '@varve/ledger';
import { decodeHeader } from '@varve/ledger';
import { headerKey } from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import { readBytes, writeWhole } from '../setup/files.ts';
import type { AuditCopy } from './copy.ts';

/** Least time between two writes, milliseconds. */
const SAVE_MS = 10_000;
/** Writing takes at most this share of the time: a large state takes long to write. */
const SAVE_SHARE = 0.05;

/** Keeps in a file how far a copy was judged: whole at any instant, since it is replaced as a whole. */
export class ProgressKeeper {
  readonly start: AuditStart | undefined;
  readonly #path: string;
  #last = performance.now();
  #costMs = 0;

  /**
   * Reads what an earlier run left, if there is any.
   * @throws {AuditError} `AUDIT_PROGRESS_MALFORMED`, `AUDIT_PROGRESS_FOREIGN`.
   */
  constructor(path: string, copy: AuditCopy, genesis: Genesis) {
    this.#path = path;
    if (!existsSync(path)) return;
    const surroundings = { modules: builtinModules(), accounts: accountDirectory };
    this.start = decodeProgress(readBytes(path), genesis, surroundings);
    demandSame(copy, this.start);
  }

  /** Another block was judged; writes when it is time. */
  passed(auditor: Auditor): void {
    const now = performance.now();
    if (now - this.#last < Math.max(SAVE_MS, this.#costMs / SAVE_SHARE)) return;
    this.save(auditor);
  }

  /** Writes now, unless what was judged last is in doubt. */
  save(auditor: Auditor): void {
    if (!auditor.canPause) return;
    const began = performance.now();
    writeWhole(this.#path, encodeProgress(auditor), { replace: true, mode: 0o600 });
    this.#last = performance.now();
    this.#costMs = this.#last - began;
  }
}

/** The copy must still have the block where the file stands; export files are held against it by their links. */
function demandSame(copy: AuditCopy, { replay }: AuditStart): void {
  const { header, hash } = replay.ledger.tip;
  const kept = copy.derived && keptIn(copy.derived, headerKey(header.height));
  const is = kept === undefined || typeof kept === 'string' ? undefined : decodeHeader(kept).hash;
  const isTooShort = copy.claim !== undefined && copy.claim.height < header.height;
  if ((copy.derived && is !== hash) || isTooShort)
    throw new AuditError('AUDIT_PROGRESS_FOREIGN', {
      reason: `it stands at block ${hash} of height ${header.height}, which ${copy.name} does not have`,
    });
}
