import type { PublicKeyHex } from '@varve/encoding';
import { unlessDamaged } from '@varve/ledger/chain';
import type { LoadedStore } from './loader.ts';
import type { ObserverOnly } from './observer-only.ts';
import { instanceUnder } from './stored-instance.ts';

/**
 * Names the key with which a store said what it forgot, where this start found that it did. The journal says in which
 * configuration it spoke last: the newest seat until then is the one that is bound, and any later one with another key is
 * free. Where the chain here does not reach that configuration (again), the seat is bound when it begins.
 */
export function bindMark(
  { ledger, observerOnly: mark, markedIn }: Pick<LoadedStore, 'ledger' | 'observerOnly' | 'markedIn'>,
  networkKey: PublicKeyHex,
): ObserverOnly | undefined {
  if (mark === undefined || markedIn === undefined) return mark;
  const { all } = ledger.configurations;
  const spoke = all.findLastIndex((stretch) => unlessDamaged(() => instanceUnder(ledger, stretch)) === markedIn);
  if (spoke < 0) return { ...mark, spokeIn: markedIn };
  const seats = all.slice(0, spoke + 1).flatMap(({ configuration }) => configuration.validators);
  const seat = seats.findLast((one) => one.networkKey === networkKey);
  return { ...mark, signingKey: seat?.signingKey ?? null };
}
