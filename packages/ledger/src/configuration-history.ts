import { assert, type Configuration } from '@varve/consensus';
import type { ConfigurationHash, PublicKeyHex } from '@varve/encoding';
import { configurationHashOf } from './configuration-codec.ts';

/** A configuration and where it begins. */
export interface RuledStretch {
  readonly configuration: Configuration;
  readonly hash: ConfigurationHash;
  /** Height of its first block; that of the genesis configuration is block 0. */
  readonly first: number;
}

/** Which configuration ruled when, from genesis to the newest change. */
export class ConfigurationHistory {
  readonly #stretches: RuledStretch[];
  /** The longest that any configuration let a transaction live, milliseconds. */
  validityMsMax: number;

  /** @param genesis - Configuration 0. */
  constructor(genesis: Configuration) {
    this.#stretches = [{ configuration: genesis, hash: configurationHashOf(genesis), first: 0 }];
    this.validityMsMax = genesis.parameters.validityMs;
  }

  /** All, ascending. */
  get all(): readonly RuledStretch[] {
    return this.#stretches;
  }

  /** The newest, which may not rule yet. */
  get newest(): RuledStretch {
    return this.at(Number.POSITIVE_INFINITY);
  }

  /** The block at `last` names `configuration` as the one that follows. */
  add(last: number, configuration: Configuration): void {
    const { newest } = this;
    assert(last >= newest.first, 'one change in a block');
    assert(configuration.parentHash === newest.hash, 'each configuration is the child of the one before');
    this.#stretches.push({ configuration, hash: configurationHashOf(configuration), first: last + 1 });
    this.validityMsMax = Math.max(this.validityMsMax, configuration.parameters.validityMs);
  }

  /** The one under which the block at `height` is made. */
  at(height: number): RuledStretch {
    const found = this.#stretches.findLast((stretch) => stretch.first <= height);
    assert(found !== undefined, 'configuration 0 rules from block 0 on');
    return found;
  }

  /** Whether a validator with this network key has or ever had a seat. */
  hasSeated(networkKey: PublicKeyHex): boolean {
    return this.#stretches.some(({ configuration }) =>
      configuration.validators.some((seat) => seat.networkKey === networkKey),
    );
  }

  /** The one with this hash. */
  withHash(hash: ConfigurationHash): RuledStretch | undefined {
    return this.#stretches.find((stretch) => stretch.hash === hash);
  }
}
