import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';

/** All encodings of the eight torsion points that ZIP-215 accepts: 8 canonical, 6 not. */
export const SMALL_ORDER_ENCODINGS: readonly string[] = [
  ...ED25519_TORSION_SUBGROUP,
  `01${'00'.repeat(30)}80`, // y = 1, sign bit of x = 0 set
  `ec${'ff'.repeat(31)}`, // y = -1, sign bit of x = 0 set
  `ed${'ff'.repeat(30)}7f`, // y = 0 as p
  `ed${'ff'.repeat(31)}`,
  `ee${'ff'.repeat(30)}7f`, // y = 1 as p + 1
  `ee${'ff'.repeat(31)}`,
];
