import type { Engine, Entry, Envelope, Output, Protocol } from '@varve/consensus';
import { type InstanceId, toHex } from '@varve/encoding';
import { decodePayload, decodeStatement, type Statement, slotOf } from '@varve/ledger';
import { stepping } from '../world/stepping.ts';
import type { Report } from './violation.ts';

/** Rounds behind the present one in which an engine still compares statements. */
const ROUNDS_BEHIND_MAX = 8;

type SlotStatement = Exclude<Statement, { kind: 'seal' }>;

/** Evidence that an engine gave, and in which run of which node. */
export interface GivenEvidence {
  readonly node: string;
  readonly run: number;
  readonly at: number;
  readonly voter: string;
  /** The signed bytes of both statements, in hexadecimal, ascending. */
  readonly statements: readonly string[];
}

/**
 * Looks at every signed statement that reaches a correct engine from its author. A correct validator says one thing in a
 * place, all its life; who hears an author contradict itself gives evidence; and what is committed belongs there.
 */
export class StatementWatch {
  readonly #isLiar: (name: string) => boolean;
  readonly #now: () => number;
  readonly #report: Report;
  /** What each correct validator said, by place. */
  readonly #said = new Map<string, string>();
  readonly given: GivenEvidence[] = [];

  /** @param isLiar - Also of those whose disk forgot what they said. */
  constructor(isLiar: (name: string) => boolean, now: () => number, report: Report) {
    this.#isLiar = isLiar;
    this.#now = now;
    this.#report = report;
  }

  /** `protocol` with engines that are watched. */
  watched(protocol: Protocol<unknown>, run: () => number): Protocol<unknown> {
    return stepping(protocol, ({ engine, configuration, options }) => {
      const voters = configuration.validators.map(({ name }) => name).sort();
      const ear = new Ear(voters);
      const node = options.self;
      return (input, time) => {
        const statement =
          input.kind === 'message' ? this.#statementIn(protocol, input.envelope, options.instance) : undefined;
        const contradicted = statement && ear.hears(engine, statement);
        const output = engine.step(input, time);
        this.#take(output, node, run(), ear);
        if (contradicted && !ear.hasEvidence(contradicted)) {
          const { author, kind, index, round } = contradicted;
          const text = `${node} heard two ${kind}s of ${author} at height ${index}, round ${round}`;
          this.#report('evidence of contradictions', `${text} and keeps no evidence`);
        }
        return output;
      };
    });
  }

  #statementIn(
    protocol: Protocol<unknown>,
    { from, to, message, signature }: Envelope<unknown>,
    instance: InstanceId,
  ): Heard | undefined {
    const signed = from === to || !signature ? undefined : protocol.signBytes(message, instance);
    if (signed === undefined || (message as { readonly voter?: string }).voter !== from) return undefined;
    const statement = decodeStatement(signed);
    if (statement.kind === 'seal') return undefined;
    const bytes = toHex(signed);
    this.#checkAuthor(from, slotOf(statement), bytes);
    return { author: from, bytes, ...statement };
  }

  #checkAuthor(author: string, slot: string, bytes: string): void {
    if (this.#isLiar(author)) return;
    const key = `${author} ${slot}`;
    const before = this.#said.get(key);
    this.#said.set(key, bytes);
    if (before !== undefined && before !== bytes) {
      this.#report('one statement in a place', `${author} says two things in ${slot.replace(/[0-9a-f]{64}\//, '')}`);
    }
  }

  /** A payload names its own slot: who takes it for another one did not ask its host. */
  #checkPayload(node: string, { index, epoch, payload }: Entry): void {
    if (payload === undefined) return;
    const content = decodePayload(payload.bytes);
    if (content.index === index && content.epoch.number === epoch.number && content.epoch.node === epoch.node) return;
    this.#report('payload of its slot', `${node} commits at ${index} a payload of ${content.index}`);
  }

  #take(output: Output<unknown>, node: string, run: number, ear: Ear): void {
    for (const entry of output.commit) this.#checkPayload(node, entry);
    for (const { voter, first, second } of output.evidence) {
      if (!this.#isLiar(voter)) this.#report('no evidence against the correct', `${node} accuses ${voter}`);
      const statement = decodeStatement(first.bytes);
      if (statement.kind !== 'seal') ear.noteEvidence(voter, statement);
      const statements = [first, second].map(({ bytes }) => toHex(bytes)).sort();
      this.given.push({ node, run, at: this.#now(), voter, statements });
    }
  }
}

type Heard = SlotStatement & { readonly author: string; readonly bytes: string };

/** What one run of one engine heard of authors directly. */
class Ear {
  readonly #voters: readonly string[];
  readonly #first = new Map<string, string>();
  readonly #evidence = new Set<string>();

  constructor(voters: readonly string[]) {
    this.#voters = voters;
  }

  /** Returns the statement if it contradicts one that the engine took before. */
  hears(engine: Engine<unknown>, heard: Heard): Heard | undefined {
    const { committed, epoch } = engine.status();
    const round = epoch.number - 1;
    const isPresent = heard.index === committed + 1;
    if (!isPresent && heard.index !== committed + 2) return undefined;
    // Of what is far from the present round an engine keeps only the highest.
    if (heard.round > (isPresent ? round : 0) + 1 || heard.round < round - ROUNDS_BEHIND_MAX) return undefined;
    if (heard.kind === 'proposal' && !this.#isInTurn(heard)) return undefined;
    const slot = `${heard.author} ${slotOf(heard)}`;
    const first = this.#first.get(slot);
    if (first === undefined) this.#first.set(slot, heard.bytes);
    return first !== undefined && first !== heard.bytes ? heard : undefined;
  }

  noteEvidence(author: string, statement: SlotStatement): void {
    this.#evidence.add(`${author} ${statement.kind} ${statement.index}`);
  }

  /** One proof for each height and kind is enough. */
  hasEvidence({ author, kind, index }: Heard): boolean {
    return this.#evidence.has(`${author} ${kind} ${index}`);
  }

  #isInTurn({ index, round, author, firstEpoch }: Extract<Heard, { kind: 'proposal' }>): boolean {
    const proposer = (r: number): string | undefined => this.#voters[(index - 1 + r) % this.#voters.length];
    return proposer(round) === author && proposer(firstEpoch.number - 1) === firstEpoch.node;
  }
}
