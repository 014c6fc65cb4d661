import type * as NodeCryptoModule from 'node:crypto';

/** The functions of `sodium-native` that we call. Output comes first; a wrong length throws. */
export interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
}

/** The functions of `node:crypto` that we call; `hash` exists from Node 20.12. */
export type NodeCrypto = Pick<typeof NodeCryptoModule, 'createHash' | 'createPublicKey' | 'hash' | 'verify'>;

/** The function of `@chainsafe/hashtree` that we call: SHA-256 of each 64 bytes of `input`, many at a time. */
export interface Hashtree {
  hashInto(input: Uint8Array, output: Uint8Array): void;
}

/** The accelerators of this host. Whatever is missing, @noble does with the same results. */
export interface Native {
  readonly sodium?: Sodium;
  readonly nodeCrypto?: NodeCrypto;
  readonly hashtree?: Hashtree;
}

interface BuiltinModules {
  getBuiltinModule?(name: 'node:crypto'): NodeCrypto | undefined;
  getBuiltinModule?(name: 'node:module'): { createRequire(from: string): (specifier: string) => unknown } | undefined;
}

/**
 * Finds the accelerators without a static import, so that browsers and bundlers see only @noble.
 * @returns An empty object in a browser; without `sodium` or `hashtree` where the optional dependency is not
 *   installed or its binary does not load.
 */
export function loadNative(): Native {
  const host = (globalThis as { process?: BuiltinModules }).process;
  if (host?.getBuiltinModule === undefined) return {};
  const nodeCrypto = host.getBuiltinModule('node:crypto');
  const sodium = loadOptional<Sodium>(host, 'sodium-native');
  const hashtree = loadOptional<Hashtree>(host, '@chainsafe/hashtree');
  return { ...(nodeCrypto && { nodeCrypto }), ...(sodium && { sodium }), ...(hashtree && { hashtree }) };
}

function loadOptional<T>(host: BuiltinModules, name: string): T | undefined {
  try {
    return host.getBuiltinModule?.('node:module')?.createRequire(import.meta.url)(name) as T;
  } catch {
    // The package is optional: absence and a missing binary for this platform mean the same.
    return undefined;
  }
}

/** The accelerators found when this package was loaded. */
export const native: Native = loadNative();
