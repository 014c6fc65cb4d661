import { type Consistency, configurationHashOf, decodeConsistency, type SealedHeader } from '@varve/ledger';
import { chainsOf, demandNoContradiction, reignsOf, wellFormed } from './configurations.ts';
import { demandConsistent, type Finality, type Options, proveFinal } from './finality.ts';
import type { Trust } from './trust.ts';
import { demand, judged, reading, type Verdict } from './verdict.ts';

/** What `verifyConsistency` proves: `to` is final, and everything up to `from` is in its history. */
export interface ConsistencyReport extends Finality {
  readonly from: SealedHeader;
  readonly to: SealedHeader;
}

/**
 * Checks that the history of a final block holds an older one, and so everything below that one too. A client that keeps
 * one certified header verifies any older block so. Total: any input has a verdict.
 * @param proofBytes - FORMATS `consistency`.
 */
export function verifyConsistency(
  proofBytes: Uint8Array,
  trust: Trust,
  options: Options = {},
): Verdict<ConsistencyReport> {
  return judged('CONSISTENCY_MALFORMED', (trail) => {
    const proof = trail.take('form', () => readProof(proofBytes), wellFormed('the proof'));
    const { from, to, later, certificate } = proof;
    const reigns = reignsOf(trail, trust, chainsOf(from, to, later?.header), proof.configurations);
    const hold = (): void => {
      demandNoContradiction(reigns.anchor, from);
      demandConsistent(proof);
    };
    trail.take(
      'history',
      hold,
      () => `Block ${from.header.height} and all before it are in the history of block ${to.header.height}.`,
    );
    const { finality } = proveFinal(trail, reigns, { block: to, later, certificate }, options);
    return { ...finality, from, to };
  });
}

function readProof(bytes: Uint8Array): Consistency {
  const proof = reading('CONSISTENCY_MALFORMED', () => decodeConsistency(bytes));
  const { header } = proof.later?.header ?? proof.to;
  const isBound = configurationHashOf(proof.next) === header.nextConfigurationHash;
  demand(isBound, 'CONSISTENCY_MALFORMED', 'the certified block names another next configuration');
  return proof;
}
