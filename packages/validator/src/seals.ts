import { type Configuration, faultModelOf, faultsTolerated, quorumSize } from '@varve/consensus';
import type { BlockHash, Height } from '@varve/encoding';
import type { Certificate, Seal } from '@varve/ledger';

/** What a seal brought about. */
export type SealVerdict =
  | { readonly kind: 'kept' }
  /** Final already, too far ahead, or known. */
  | { readonly kind: 'ignored' }
  /** A quorum sealed this block. */
  | { readonly kind: 'certified'; readonly certificate: Certificate }
  /** The validator sealed another block at this height before. */
  | { readonly kind: 'equivocation'; readonly earlier: Seal };

/** Collects the members' seals by height until a quorum of them agrees. Signatures are verified by the caller. */
export class SealBook {
  readonly #configuration: Configuration;
  readonly #quorum: number;
  /** Seals of one height, by validator index. */
  readonly #heights = new Map<number, Map<number, Seal>>();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
    this.#quorum = quorumSize(configuration.validators.length, faultModelOf(configuration.protocol));
  }

  add(seal: Seal): SealVerdict {
    const seals = this.#heights.get(seal.height) ?? new Map<number, Seal>();
    this.#heights.set(seal.height, seals);
    const earlier = seals.get(seal.validatorIndex);
    if (earlier) return earlier.blockHash === seal.blockHash ? { kind: 'ignored' } : { kind: 'equivocation', earlier };
    seals.set(seal.validatorIndex, seal);
    const agreeing = [...seals.values()].filter((other) => other.blockHash === seal.blockHash);
    if (agreeing.length < this.#quorum) return { kind: 'kept' };
    agreeing.sort((a, b) => a.validatorIndex - b.validatorIndex);
    return {
      kind: 'certified',
      certificate: {
        height: seal.height,
        blockHash: seal.blockHash,
        configurationHash: seal.configurationHash,
        signatures: agreeing.map(({ validatorIndex, signature }) => ({ validatorIndex, signature })),
      },
    };
  }

  /** Whether so many members sealed another block at `height` that ours may be the wrong one. */
  isContradicted(height: Height, ours: BlockHash): boolean {
    const { validators, protocol } = this.#configuration;
    const faultModel = faultModelOf(protocol);
    const needed = faultModel === 'crash' ? 1 : faultsTolerated(validators.length, faultModel) + 1;
    let others = 0;
    for (const seal of this.#heights.get(height)?.values() ?? []) if (seal.blockHash !== ours) others += 1;
    return others >= needed;
  }

  /** Whether the seals of `height` name more than one block. */
  isDisputed(height: number): boolean {
    const hashes = new Set<BlockHash>();
    for (const seal of this.#heights.get(height)?.values() ?? []) hashes.add(seal.blockHash);
    return hashes.size > 1;
  }

  /** Names of members whose seal of `height` is missing. */
  missing(height: Height): string[] {
    const seals = this.#heights.get(height);
    return this.#configuration.validators.filter((_, i) => !seals?.has(i)).map((validator) => validator.name);
  }

  /** The seal of one validator at `height`. */
  of(height: number, validatorIndex: number): Seal | undefined {
    return this.#heights.get(height)?.get(validatorIndex);
  }

  /** The block at `height` has its certificate. */
  forget(height: number): void {
    this.#heights.delete(height);
  }

  /** Nobody waits for certificates that far back. */
  forgetBelow(height: number): void {
    for (const at of this.#heights.keys()) if (at < height) this.#heights.delete(at);
  }
}
