import type { Output, Protocol, Slot, Status } from '@varve/consensus';
import { stepping } from '../world/stepping.ts';
import type { Report, WatchParts } from './violation.ts';

/** Claims of one write, which leave once it is durable. */
interface Waiting {
  readonly sequence: number;
  readonly claims: readonly Slot[];
}

/**
 * Remembers what each node claimed to hold durably, through all its runs, and looks whether its engine still holds it:
 * never an earlier epoch, and within an epoch never a shorter log (`vouched` of the contract). Crash protocols only;
 * those of others sign what they say, and `StatementWatch` compares it.
 */
export class ClaimWatch {
  /** By instance and node; the greatest. */
  readonly #claims = new Map<string, Slot>();
  readonly #isForgetful: (name: string) => boolean;
  readonly #report: Report;

  constructor({ isForgetful, report }: WatchParts) {
    this.#isForgetful = isForgetful;
    this.#report = report;
  }

  /** `protocol` with engines that are watched. */
  watched(protocol: Protocol<unknown>): Protocol<unknown> {
    return stepping(protocol, ({ engine, first, options }) => {
      const key = `${options.instance} ${options.self}`;
      const waiting: Waiting[] = [];
      this.#take(protocol, first, waiting);
      this.#check(options.self, key, engine.status());
      return (input, time) => {
        if (input.kind === 'persisted') this.#release(key, waiting, input.sequence);
        const output = engine.step(input, time);
        this.#take(protocol, output, waiting);
        const { write } = output;
        if (write?.hardState || write?.truncateFrom !== undefined || write?.anchor) {
          this.#check(options.self, key, engine.status());
        }
        return output;
      };
    });
  }

  #take(protocol: Protocol<unknown>, { write }: Output<unknown>, waiting: Waiting[]): void {
    if (write === undefined) return;
    const claims = write.then.flatMap(({ message }) => protocol.vouched(message) ?? []);
    if (claims.length > 0) waiting.push({ sequence: write.sequence, claims });
  }

  #release(key: string, waiting: Waiting[], sequence: number): void {
    while (waiting[0] && waiting[0].sequence <= sequence) {
      for (const claim of waiting.shift()?.claims ?? []) {
        const known = this.#claims.get(key);
        if (known === undefined || isGreater(claim, known)) this.#claims.set(key, claim);
      }
    }
  }

  #check(node: string, key: string, { epoch, lastIndex }: Status): void {
    const claim = this.#claims.get(key);
    if (claim === undefined || this.#isForgetful(node)) return;
    const { number } = claim.epoch;
    if (epoch.number > number || (epoch.number === number && lastIndex >= claim.index)) return;
    const told = `${node} claimed index ${claim.index} in epoch ${number}`;
    this.#report('claims stay true', `${told}, and holds ${lastIndex} in epoch ${epoch.number}`);
  }
}

function isGreater(a: Slot, b: Slot): boolean {
  return a.epoch.number > b.epoch.number || (a.epoch.number === b.epoch.number && a.index > b.index);
}
