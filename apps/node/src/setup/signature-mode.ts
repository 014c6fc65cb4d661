/** Ways to judge signatures: many at once, or one by one. The verdicts are the same. */
export const SIGNATURE_MODES = ['batch', 'single'] as const;
export type SignatureMode = (typeof SIGNATURE_MODES)[number];
