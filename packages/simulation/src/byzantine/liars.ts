import { nodeId } from '@varve/encoding';
import type { Genesis } from '@varve/ledger';
import { validatorName } from '../world/genesis.ts';
import type { Signatures } from '../world/keys.ts';
import { Liar } from './liar.ts';
import { Plot } from './plot.ts';

/** The validators of one world that lie. */
export class Liars {
  readonly plot: Plot;
  readonly #byName = new Map<string, Liar>();
  /** Names of those whose next engine starts without what it said, and how often that happened. */
  readonly forgetful: Set<string> = new Set<string>();
  readonly forgot: Map<string, number> = new Map<string, number>();

  constructor(positions: ReadonlySet<number>, genesis: Genesis, signatures: Signatures, seed: number) {
    this.plot = new Plot(seed, genesis.configuration.validators.map(({ name }) => name).sort());
    for (const position of positions) {
      const name = validatorName(position);
      this.#byName.set(name, new Liar(nodeId(name), signatures.key(`signing ${name}`), this.plot));
    }
  }

  /** The liar of that name, where that validator is one. Its twins are the same. */
  named(name: string): Liar | undefined {
    return this.#byName.get(name);
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Whether the engine of `name` that starts now has to forget. */
  takesMemory(name: string): boolean {
    if (!this.forgetful.delete(name)) return false;
    this.forgot.set(name, (this.forgot.get(name) ?? 0) + 1);
    return true;
  }
}
