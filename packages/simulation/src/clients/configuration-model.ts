import type { Configuration, ValidatorMember } from '@varve/consensus';
import { configurationHashOf } from '@varve/ledger';

/** What `governance` must do in a chain of one organization: whatever it proposes is agreed at once. */
export class ConfigurationModel {
  #current: Configuration;
  #changedAt = -1;
  readonly #ready = new Set<string>();
  readonly #byHash = new Map<string, Configuration>();
  /** Names that ever had a seat. */
  readonly names: Set<string>;

  constructor(first: Configuration) {
    this.#current = first;
    this.#byHash.set(configurationHashOf(first), first);
    this.names = new Set(first.validators.map(({ name }) => name));
  }

  /** The newest. */
  get current(): Configuration {
    return this.#current;
  }

  /** The one with this hash, if it ever was. */
  withHash(hash: string): Configuration | undefined {
    return this.#byHash.get(hash);
  }

  /** Every proof in a simulation is sound and young. */
  ready(seat: ValidatorMember): undefined {
    this.#ready.add(textOf(seat));
    return undefined;
  }

  /** Nobody proposes a seat that was used before. */
  propose(next: Configuration, height: number): string | undefined {
    if (this.#changedAt === height) return 'CONFIGURATION_PENDING';
    if (next.parentHash !== configurationHashOf(this.#current)) return 'CONFIGURATION_STALE';
    const present = new Set(this.#current.validators.map(textOf));
    const isSeated = (seat: ValidatorMember): boolean => present.has(textOf(seat)) || this.#ready.has(textOf(seat));
    if (!next.validators.every(isSeated)) return 'SEAT_NOT_READY';
    this.#current = next;
    this.#byHash.set(configurationHashOf(next), next);
    for (const { name } of next.validators) this.names.add(name);
    this.#changedAt = height;
    return undefined;
  }
}

function textOf({ name, organization, signingKey, networkKey }: ValidatorMember): string {
  return `${name} ${organization} ${signingKey} ${networkKey}`;
}
