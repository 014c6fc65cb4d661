import type { Configuration } from '@varve/consensus';
import type { ConfigurationHash } from '@varve/encoding';
import { configurationHashOf, decodeConfiguration, type Header } from '@varve/ledger';
import { type ConfigurationHistory, configurationKey, type Store } from '@varve/ledger/chain';
import { isKept } from './copied-block.ts';
import { keptIn } from './derived-check.ts';

/**
 * Finds out who ruled after execution had to end: the next configurations are then only what the copy keeps, and count
 * where they lead to the one that a header names. Where they do not, nothing is said of seals: nobody is accused of
 * forgery because a block is missing.
 */
export class ConfigurationFollow {
  readonly #derived: Store | undefined;
  /** Named by headers, and not to be found. */
  readonly #unknown = new Set<ConfigurationHash>();
  #unknownFrom: number | undefined;

  constructor(derived: Store | undefined) {
    this.#derived = derived;
  }

  /** Height of the first block whose configuration is not known. */
  get unknownFrom(): number | undefined {
    return this.#unknownFrom;
  }

  /**
   * Whether the configuration that the header names is known, or can be found.
   * @param from - The first height that could not be executed.
   */
  knows({ configurationHash, height }: Header, configurations: ConfigurationHistory, from: number): boolean {
    if (configurations.withHash(configurationHash) !== undefined) return true;
    if (!this.#unknown.has(configurationHash)) {
      for (const [last, next] of this.#leadingTo(configurationHash, height, configurations, from))
        configurations.add(last, next);
      if (configurations.withHash(configurationHash) !== undefined) return true;
      this.#unknown.add(configurationHash);
    }
    this.#unknownFrom ??= height;
    return false;
  }

  /** The kept configurations from the newest known to the one with this hash; none where they do not lead there. */
  #leadingTo(
    wanted: ConfigurationHash,
    height: number,
    { newest }: ConfigurationHistory,
    from: number,
  ): (readonly [last: number, next: Configuration])[] {
    if (this.#derived === undefined) return [];
    const found: (readonly [number, Configuration])[] = [];
    let parent = newest.hash;
    for (let at = Math.max(from, newest.first); at < height; at++) {
      const body = keptIn(this.#derived, configurationKey(at));
      const next = isKept(body) ? decodedOrNone(body) : undefined;
      if (next === undefined || next.parentHash !== parent) continue;
      found.push([at, next]);
      parent = configurationHashOf(next);
      if (parent === wanted) return found;
    }
    return [];
  }
}

function decodedOrNone(body: Uint8Array): Configuration | undefined {
  try {
    return decodeConfiguration(body);
  } catch {
    return undefined;
  }
}
