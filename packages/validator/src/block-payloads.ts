import type { PayloadId } from '@varve/encoding';
import { headerAt, type Ledger, unlessDamaged } from '@varve/ledger/chain';

/**
 * Which payloads the blocks from `first` to `last` were made of.
 * @returns `undefined` where a header of them cannot be read, so that nobody can tell.
 */
export function payloadsOfBlocks(ledger: Ledger, first: number, last: number): ReadonlySet<PayloadId> | undefined {
  const payloads = new Set<PayloadId>();
  for (let at = Math.max(1, first); at <= last; at++) {
    const sealed = unlessDamaged(() => headerAt(ledger, at));
    if (sealed === undefined) return undefined;
    payloads.add(sealed.header.payloadHash);
  }
  return payloads;
}
