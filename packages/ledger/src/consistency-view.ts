import { assert, type Configuration } from '@varve/consensus';
import type { Certificate } from './certificate.ts';
import type { Consistency } from './consistency.ts';
import type { SealedHeader } from './header.ts';
import type { Ledger } from './ledger.ts';
import { certificateKey } from './records.ts';
import { RecordDamaged } from './store.ts';
import { certificateAt, headerAt, stepTo } from './views.ts';

/** How far above a block its nearest certificate is looked for before the final block's is taken. */
const CERTIFICATE_SEARCH_HEIGHTS = 64;

/**
 * The proof that the block at `to` has that at `from` in its history, and is final.
 * @returns `undefined` unless 0 ≤ from ≤ to ≤ final height.
 * @throws {RecordDamaged} where a record that it is made of is gone.
 */
export function consistencyOf(ledger: Ledger, from: number, to: number): Consistency | undefined {
  if (from < 0 || from > to || to > ledger.finalHeight) return undefined;
  const [older, newer] = [headerAt(ledger, from), headerAt(ledger, to)];
  if (older === undefined || newer === undefined) return undefined;
  const { header, certificate } = nearestCertified(ledger, newer);
  const { height } = header.header;
  const stretches = ledger.configurations.all.slice(1).filter((stretch) => stretch.first <= height);
  return {
    from: older,
    path: from === to ? [] : ledger.history.inclusion(from, to),
    to: newer,
    later: height === to ? null : { header, path: ledger.history.inclusion(to, height) },
    certificate,
    configurations: stretches.map((stretch) => {
      const step = stepTo(ledger, stretch);
      assert(step !== undefined, 'every last block of a configuration is certified');
      return step;
    }),
    next: rulingAfter(ledger, header),
  };
}

/** The configuration of the block after this one. */
function rulingAfter(ledger: Ledger, { header }: SealedHeader): Configuration {
  const stretch = ledger.configurations.withHash(header.nextConfigurationHash);
  assert(stretch !== undefined, 'a final block names a known configuration');
  return stretch.configuration;
}

/** The lowest block from this one on that has a certificate of its own, as far as is looked; else the final one. */
function nearestCertified(
  ledger: Ledger,
  from: SealedHeader,
): { readonly header: SealedHeader; readonly certificate: Certificate | null } {
  const first = from.header.height;
  if (first === 0) return { header: from, certificate: null };
  const last = Math.min(first + CERTIFICATE_SEARCH_HEIGHTS, ledger.finalHeight);
  for (
    let at: number = first;
    at <= ledger.finalHeight;
    at = at < last ? at + 1 : Math.max(at + 1, ledger.finalHeight)
  ) {
    const certificate = certificateAt(ledger, at);
    const header = headerAt(ledger, at);
    if (certificate && header) return { header, certificate };
  }
  throw new RecordDamaged(certificateKey(ledger.finalHeight));
}
