import type { EngineTiming, EngineWindow, Protocol, ProtocolName } from '@varve/consensus';
import type { PublicKeyHex } from '@varve/encoding';
import type { PoolLimits } from './pool.ts';
import type { SignatureRule } from './signatures.ts';

/** What a validator is given beside its store. */
export interface ValidatorOptions {
  /** The key of the peer id, which finds this node's seat in the configuration, if it has one. */
  readonly networkKey: PublicKeyHex;
  /** Those whose private keys the host can sign with. A seat with another key is not taken: this node follows. */
  readonly signingKeys: readonly PublicKeyHex[];
  /** The engine of that name, where this program has one. */
  readonly protocols: (name: ProtocolName) => Protocol<unknown> | undefined;
  readonly timing: EngineTiming;
  readonly window: EngineWindow;
  readonly pool: PoolLimits;
  readonly signatureRule: SignatureRule;
  /** 16 random bytes of this run, in hexadecimal. */
  readonly bootId: string;
  /** 16 random bytes that nobody else learns, in hexadecimal: by them maps are safe from ids made for that (`IdMap`). */
  readonly salt: string;
  /** Entries in the cache of signature verdicts. */
  readonly verdictsMax: number;
}
