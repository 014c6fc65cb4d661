/** Signs with one Ed25519 key. `createSigner` of `@varve/crypto` makes one; a wallet or a device may sign later. */
export interface TransactionSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 signature of `message` (RFC 8032), 64 bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}
