export { type BatchOptions, BatchVerifier, type SignedMessage } from './batch-verifier.ts';
