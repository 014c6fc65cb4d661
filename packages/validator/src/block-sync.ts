import type { BlockHash, ChainId, PublicKeyHex } from '@varve/encoding';
import {
  type Block,
  type Certificate,
  certificateFault,
  decodeBlock,
  decodeCertificate,
  encodeBlock,
  encodeCertificate,
  LedgerError,
  type SealedHeader,
} from '@varve/ledger';
import { certificateAt, headerAt, type Ledger, payloadAt, RecordDamaged, type RuledStretch } from '@varve/ledger/chain';
import type { SyncedBlock } from './applier.ts';
import { SYNC_BLOCKS_MAX, SYNC_BLOCKS_TARGET, SYNC_BYTES_MAX, SYNC_BYTES_TARGET, SYNC_TIMEOUT_MS } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { OfferedBlock } from './packet.ts';
import type { SignatureRule } from './signatures.ts';

/**
 * Certified blocks from `from` on, as many as one answer holds. The last one carries a certificate.
 * `damaged` hears of a block that this store must fetch again itself.
 */
export function offerBlocks(
  ledger: Ledger,
  from: number,
  to: number,
  damaged: (height: number) => void,
): OfferedBlock[] {
  const offered: OfferedBlock[] = [];
  let bytes = 0;
  const last = Math.min(to, ledger.finalHeight);
  for (let at = from; at <= last && offered.length < SYNC_BLOCKS_MAX && bytes < SYNC_BYTES_MAX; at++) {
    const isEnough = offered.length >= SYNC_BLOCKS_TARGET || bytes >= SYNC_BYTES_TARGET;
    if (isEnough && offered.at(-1)?.certificate) break;
    const found = blockAt(ledger, at, damaged);
    if (found === undefined) break;
    const { block, certificate } = found;
    offered.push({ block: encodeBlock(block), certificate: certificate ? encodeCertificate(certificate) : null });
    bytes += block.payload?.length ?? 0;
    // What follows the last block of a configuration is judged by the next one.
    const { configurationHash, nextConfigurationHash } = block.sealed.header;
    if (nextConfigurationHash !== configurationHash) break;
  }
  // Blocks after the last certificate prove nothing to the asker.
  while (offered.length > 0 && offered.at(-1)?.certificate === null) offered.pop();
  return offered;
}

function blockAt(
  ledger: Ledger,
  at: number,
  damaged: (height: number) => void,
): { readonly block: Block; readonly certificate: Certificate | undefined } | undefined {
  try {
    const sealed = headerAt(ledger, at);
    const payload = payloadAt(ledger, at);
    return sealed && payload && { block: { sealed, payload }, certificate: certificateAt(ledger, at) };
  } catch (error) {
    if (!(error instanceof RecordDamaged)) throw error;
    damaged(at);
    return undefined;
  }
}

/** What an answer of blocks is worth. */
export type BlocksVerdict =
  | { readonly kind: 'blocks'; readonly blocks: readonly SyncedBlock[] }
  | { readonly kind: 'empty' }
  | { readonly kind: 'lie'; readonly reason: string };

/**
 * Checks blocks offered for heights from `from` on: each the child of the one before, the last certified.
 * @param parentHash - Hash of the block below `from`; undefined where the caller knows the hashes themselves.
 */
export function judgeBlocks(
  ledger: Ledger,
  offered: readonly OfferedBlock[],
  from: number,
  parentHash: BlockHash | undefined,
  rule: SignatureRule,
): BlocksVerdict {
  if (offered.length === 0) return { kind: 'empty' };
  try {
    const blocks: SyncedBlock[] = [];
    let parent = parentHash;
    for (const [i, item] of offered.entries()) {
      const block = decodeBlock(item.block);
      const { header, hash } = block.sealed;
      // What was asked before and comes late is no lie.
      if (i === 0 && header.height !== from) return { kind: 'empty' };
      if (header.height !== from + i) return lie('heights do not follow on each other');
      if ((parent !== undefined && header.parentHash !== parent) || header.chainId !== ledger.chainId)
        return lie('blocks do not follow on each other');
      const ruled = ledger.configurations.at(header.height);
      // Of a configuration that this node does not know yet: its own last block comes first.
      if (header.configurationHash !== ruled.hash) return { kind: 'empty' };
      if (i < offered.length - 1 && header.nextConfigurationHash !== ruled.hash) {
        return lie('a block behind the last one of its configuration');
      }
      const certificate = item.certificate === null ? undefined : decodeCertificate(item.certificate);
      const fault = certificate && faultOf(ledger.chainId, ruled, certificate, block.sealed, rule);
      if (fault !== undefined) return lie(fault);
      blocks.push({ block, certificate });
      parent = hash;
    }
    if (blocks.at(-1)?.certificate === undefined) return lie('the last block has no certificate');
    return { kind: 'blocks', blocks };
  } catch (error) {
    if (error instanceof LedgerError) return lie(error.message);
    throw error;
  }
}

function faultOf(
  chainId: ChainId,
  ruled: RuledStretch,
  certificate: Certificate,
  { header, hash }: SealedHeader,
  rule: SignatureRule,
): string | undefined {
  if (certificate.height !== header.height || certificate.blockHash !== hash) return 'a certificate of another block';
  return certificateFault(certificate, chainId, ruled.configuration, ruled.hash, rule);
}

function lie(reason: string): BlocksVerdict {
  return { kind: 'lie', reason };
}

/** Fetches certified blocks from one peer at a time. */
export class BlockSync {
  readonly #outbox: Outbox;
  #asked: { readonly peer: PublicKeyHex; readonly from: number; readonly deadline: number } | undefined;
  /** Peers that did not answer or lied, and until when they are not asked. */
  readonly #avoided = new Map<PublicKeyHex, number>();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  get isAsking(): boolean {
    return this.#asked !== undefined;
  }

  /**
   * Asks for blocks from `from` on, unless an answer is awaited.
   * @param holders - Connected peers whose final height is at least `from`, best first.
   */
  ask(holders: readonly PublicKeyHex[], from: number, now: number): void {
    if (this.#asked) return;
    const willing = holders.filter((peer) => (this.#avoided.get(peer) ?? 0) <= now);
    const peer = willing[0] ?? holders[0];
    if (peer === undefined) return;
    this.#asked = { peer, from, deadline: now + SYNC_TIMEOUT_MS };
    this.#outbox.wake(this.#asked.deadline);
    this.#outbox.send(peer, { kind: 'blocksWanted', from, to: from + SYNC_BLOCKS_MAX - 1 });
  }

  /** The height asked for, if this is the peer's awaited answer. */
  answered(peer: PublicKeyHex): number | undefined {
    if (this.#asked?.peer !== peer) return undefined;
    const { from } = this.#asked;
    this.#asked = undefined;
    return from;
  }

  /** Asks others first for a while. */
  avoid(peer: PublicKeyHex, now: number): void {
    this.#avoided.set(peer, now + 10 * SYNC_TIMEOUT_MS);
  }

  /** Gives up on an answer that is overdue. */
  tick(now: number): void {
    if (this.#asked === undefined) return;
    if (now < this.#asked.deadline) return this.#outbox.wake(this.#asked.deadline);
    this.avoid(this.#asked.peer, now);
    this.#asked = undefined;
  }

  disconnected(peer: PublicKeyHex): void {
    if (this.#asked?.peer === peer) this.#asked = undefined;
  }
}
