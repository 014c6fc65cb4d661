import { BLOCK_HASH_BYTES, type CopiedBlock } from '@varve/audit';
import { toHex } from '@varve/encoding';
import { decodeCertificate, decodeHeader, type SealedHeader } from '@varve/ledger';
import type { CopyAudit, JudgedBlock } from './copy-audit.ts';
import type { ForkWatch } from './divergence.ts';

/**
 * Up to which height copies hold the same blocks, 0 for block 0 alone. Blocks that an earlier audit judged count by their
 * hashes, which its progress keeps; what differs among them is told to `watch`, which saw only the blocks of this run.
 * @param audits - At least two, each after its last block.
 */
export async function agreedHeightOf(audits: readonly CopyAudit[], watch: ForkWatch): Promise<number> {
  const hashes = audits.map(({ auditor }) => auditor.replay.hashes.bytes);
  const lowest = Math.min(...hashes.map(({ length }) => length / BLOCK_HASH_BYTES)) - 1;
  let agreed = 0;
  while (agreed < lowest && new Set(hashes.map((row) => hashAt(row, agreed + 1))).size === 1) agreed += 1;
  const seen = watch.divergence?.height ?? Number.POSITIVE_INFINITY;
  if (agreed < lowest && agreed + 1 < seen) {
    watch.divergence = undefined;
    await compareAgain(audits, watch, agreed + 1, lowest);
    watch.divergence ??= {
      height: agreed + 1,
      blocks: audits.map(({ copy }, i) => ({
        copy: copy.name,
        blockHash: hashAt(hashes[i], agreed + 1),
        parentHash: hashAt(hashes[i], agreed),
        isCertified: false,
      })),
    };
  }
  return Math.min(agreed, (watch.divergence?.height ?? Number.POSITIVE_INFINITY) - 1);
}

function hashAt(row: Uint8Array | undefined, height: number): string {
  return toHex((row ?? new Uint8Array()).subarray(height * BLOCK_HASH_BYTES, (height + 1) * BLOCK_HASH_BYTES));
}

/** Compares blocks that were judged by an earlier run, from a height that differs until somebody is proven. */
async function compareAgain(audits: readonly CopyAudit[], watch: ForkWatch, from: number, to: number): Promise<void> {
  // An export of a part does not hold what is below.
  const holders = audits.filter(({ copy }) => copy.first <= from);
  const names = holders.map(({ copy, auditor }) => ({ name: copy.name, auditor }));
  const readers = holders.map(({ copy }) => copy.blocks(from)[Symbol.asyncIterator]());
  try {
    for (let height = from; height <= to && watch.contradictions.length === 0; height++) {
      const blocks: JudgedBlock[] = [];
      for (const [i, reader] of readers.entries()) {
        const { value, done } = await reader.next();
        const audit = holders[i];
        if (done || audit === undefined) return;
        blocks.push(judgedBefore(value, audit));
      }
      watch.compare(height, blocks, names);
    }
  } finally {
    for (const reader of readers) await reader.return?.();
  }
}

/** A certificate that an earlier run found wrong stands among the findings. */
function judgedBefore(block: CopiedBlock, { auditor }: CopyAudit): JudgedBlock {
  const isFaulty = auditor.findings.list.some(
    ({ code, height }) => height === block.height && code.startsWith('CERTIFICATE_'),
  );
  return { block, sealed: headerOf(block), isCertified: !isFaulty && isCertificate(block) };
}

function headerOf({ header }: CopiedBlock): SealedHeader | undefined {
  try {
    return typeof header === 'string' ? undefined : decodeHeader(header);
  } catch {
    return undefined;
  }
}

function isCertificate({ certificate }: CopiedBlock): boolean {
  try {
    return typeof certificate !== 'string' && decodeCertificate(certificate) !== undefined;
  } catch {
    return false;
  }
}
