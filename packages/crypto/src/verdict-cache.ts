import { RecentMap } from '@varve/encoding';

/** Default number of verdicts kept: at about 200 bytes each, some 25 MB. */
export const VERDICTS_MAX: number = 131_072;

/**
 * Verdicts of `verifySignature`, so that a transaction met in a proposal, at admission and in a block is checked
 * once; those that wait in a pool need none. The key is the SHA-256 of the *whole* transaction bytes in hexadecimal, never a transaction id: an id does not cover
 * the signature, and a bad signature on a known id would inherit the good one's verdict.
 */
export class VerdictCache extends RecentMap<boolean> {
  /** @param verdictsMax - Upper bound of `size`, at least 2. */
  constructor(verdictsMax: number = VERDICTS_MAX) {
    super(verdictsMax);
  }
}
