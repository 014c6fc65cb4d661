import type { EngineTiming, EngineWindow, Protocol } from '@varve/consensus';
import type { PublicKeyHex } from '@varve/encoding';
import type { PoolLimits } from './pool.ts';
import type { SignatureRule } from './signatures.ts';

/** What a validator is given beside its store. */
export interface ValidatorOptions {
  /** The key of the peer id, which finds this node's seat in the configuration, if it has one. */
  readonly networkKey: PublicKeyHex;
  /** Follow only, also where the key has a seat. */
  readonly observe?: boolean;
  readonly protocol: Protocol<unknown>;
  readonly timing: EngineTiming;
  readonly window: EngineWindow;
  readonly pool: PoolLimits;
  readonly signatureRule: SignatureRule;
  /** 16 random bytes of this run, in hexadecimal. */
  readonly bootId: string;
  /** Entries in the cache of signature verdicts. */
  readonly verdictsMax: number;
}
