import { OperationSet } from './operation-set.ts';

/** A sequential object whose concurrent histories are searched. */
export interface Model<State, Action> {
  readonly initial: State;
  /** The state after `action`; `undefined` when the object could not have answered so in `state`. */
  step(state: State, action: Action): State | undefined;
  /** Whether `action` leaves every state as it is, and may thus be taken as soon as a state accepts it. */
  isRead(action: Action): boolean;
  /** Equal for equal states, different for different ones. */
  key(state: State): string;
}

/** An action and the interval within which it took effect. */
export interface Interval<Action> {
  readonly action: Action;
  readonly invokedAt: number;
  /** Absent while open: it took effect at some time since its invocation, or never did. */
  readonly completedAt: number | undefined;
}

export type SearchVerdict =
  | { readonly kind: 'linearizable'; readonly steps: number }
  /** `stuck`: the completed actions of which one had to come next where the search came furthest. */
  | { readonly kind: 'not-linearizable'; readonly steps: number; readonly taken: number; readonly stuck: number[] }
  /** The limit of steps was reached: nothing is proven. */
  | { readonly kind: 'unknown'; readonly steps: number };

/** An entry of the history: the call of an operation, or its return. */
interface Entry {
  readonly operation: number;
  readonly isCall: boolean;
  readonly at: number;
  /** The return of a call; absent at returns and at operations that stay open. */
  match: Entry | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/** One choice of the search, and what it entailed. */
interface Choice<State> {
  readonly call: Entry;
  /** Before the choice. */
  readonly state: State;
  /** The reads that fitted right after it. */
  readonly reads: readonly Entry[];
}

/**
 * Searches for an order of the actions that the model accepts and that respects real time. Depth first: any call that
 * stands before the first return may come next; a return that comes up before its call was taken means going back. A
 * pair of taken operations and state that was seen before is not searched again, and a read that fits is taken at once:
 * wherever an order has it later, it may as well stand here. Exponential in how many writes overlap at worst, near
 * linear in the length of the history; bounded by `stepsMax` tries of the model and as many remembered pairs.
 * @param history - In any order; equal times count as overlapping. The verdict's `stuck` are indexes into it.
 * @see Wing & Gong 1993, Testing and Verifying Concurrent Objects; Lowe 2017, Testing for Linearizability, for the
 *   linked list and the memory.
 */
export function searchLinearization<State, Action>(
  model: Model<State, Action>,
  history: readonly Interval<Action>[],
  stepsMax: number,
): SearchVerdict {
  return new Search(model, history, stepsMax).run();
}

class Search<State, Action> {
  readonly #model: Model<State, Action>;
  readonly #history: readonly Interval<Action>[];
  readonly #stepsMax: number;
  /** What is not taken yet. */
  readonly #head: Entry;
  readonly #numbering: readonly number[];
  // Open operations are counted apart: one that is never taken must not lengthen the key of every later set.
  readonly #completed: OperationSet;
  readonly #open: OperationSet;
  readonly #seen: Set<string> = new Set();
  readonly #path: Choice<State>[] = [];
  #state: State;
  #steps = 0;
  /** Completed operations that are not taken yet. */
  #remaining: number;
  #furthest: { readonly remaining: number; readonly stuck: number[] };

  constructor(model: Model<State, Action>, history: readonly Interval<Action>[], stepsMax: number) {
    this.#model = model;
    this.#history = history;
    this.#stepsMax = stepsMax;
    this.#head = entriesOf(history);
    this.#numbering = numberingOf(history);
    this.#completed = new OperationSet(history.length);
    this.#open = new OperationSet(history.length);
    this.#state = model.initial;
    this.#remaining = history.filter(({ completedAt }) => completedAt !== undefined).length;
    this.#furthest = { remaining: this.#remaining + 1, stuck: [] };
  }

  run(): SearchVerdict {
    const total = this.#remaining;
    this.#takeReads();
    let entry = this.#head.next;
    while (this.#remaining > 0) {
      if (this.#steps > this.#stepsMax) return { kind: 'unknown', steps: this.#stepsMax };
      if (entry?.isCall) {
        entry = this.#choose(entry) ? this.#head.next : entry.next;
        continue;
      }
      this.#noteStuck();
      const choice = this.#path.pop();
      if (choice === undefined) {
        const { remaining, stuck } = this.#furthest;
        return { kind: 'not-linearizable', steps: this.#steps, taken: total - remaining, stuck };
      }
      this.#undo(choice);
      entry = choice.call.next;
    }
    return { kind: 'linearizable', steps: this.#steps };
  }

  /** Takes `call` next, unless the model refuses or all that could follow was searched before. */
  #choose(call: Entry): boolean {
    const after = this.#after(call);
    if (after === undefined) return false;
    this.#take(call);
    const key = `${this.#completed.key()}/${this.#open.key()}/${this.#model.key(after)}`;
    if (this.#seen.has(key)) {
      this.#untake(call);
      return false;
    }
    this.#seen.add(key);
    const state = this.#state;
    this.#state = after;
    this.#path.push({ call, state, reads: this.#takeReads() });
    return true;
  }

  /** One pass finds all: a read that did not fit will not until the state changes. */
  #takeReads(): Entry[] {
    const reads: Entry[] = [];
    for (let entry = this.#head.next; entry?.isCall; entry = entry.next) {
      if (!this.#model.isRead(this.#actionOf(entry)) || this.#after(entry) === undefined) continue;
      this.#take(entry);
      reads.push(entry);
    }
    return reads;
  }

  #undo({ call, state, reads }: Choice<State>): void {
    for (const read of reads.toReversed()) this.#untake(read);
    this.#untake(call);
    this.#state = state;
  }

  #actionOf({ operation }: Entry): Action {
    return (this.#history[operation] as Interval<Action>).action;
  }

  #after(call: Entry): State | undefined {
    this.#steps++;
    return this.#model.step(this.#state, this.#actionOf(call));
  }

  #take(call: Entry): void {
    lift(call);
    if (call.match !== undefined) this.#remaining--;
    this.#setOf(call).add(this.#numbering[call.operation] ?? 0);
  }

  #untake(call: Entry): void {
    unlift(call);
    if (call.match !== undefined) this.#remaining++;
    this.#setOf(call).delete(this.#numbering[call.operation] ?? 0);
  }

  #setOf(call: Entry): OperationSet {
    return call.match === undefined ? this.#open : this.#completed;
  }

  /** Remembers where the search came furthest, to explain a failure. */
  #noteStuck(): void {
    if (this.#remaining >= this.#furthest.remaining) return;
    const stuck: number[] = [];
    for (let entry = this.#head.next; entry?.isCall; entry = entry.next) {
      if (entry.match !== undefined) stuck.push(entry.operation);
    }
    this.#furthest = { remaining: this.#remaining, stuck };
  }
}

/** A place for each operation in the order of the calls, separately for completed and for open ones. */
function numberingOf<Action>(history: readonly Interval<Action>[]): number[] {
  const numbering = new Array<number>(history.length).fill(0);
  let completed = 0;
  let open = 0;
  const calls = history.map((interval, operation) => ({ ...interval, operation }));
  for (const { operation, completedAt } of calls.sort((a, b) => a.invokedAt - b.invokedAt)) {
    numbering[operation] = completedAt === undefined ? open++ : completed++;
  }
  return numbering;
}

/** The entries by time, calls before returns, as a doubly linked list behind a head that is no entry. */
function entriesOf<Action>(history: readonly Interval<Action>[]): Entry {
  const entries: Entry[] = [];
  const linked = { match: undefined, previous: undefined, next: undefined };
  history.forEach(({ invokedAt, completedAt }, operation) => {
    const call: Entry = { ...linked, operation, isCall: true, at: invokedAt };
    entries.push(call);
    if (completedAt === undefined) return;
    call.match = { ...linked, operation, isCall: false, at: completedAt };
    entries.push(call.match);
  });
  entries.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
  const head: Entry = { ...linked, operation: -1, isCall: false, at: Number.NEGATIVE_INFINITY };
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

/** Takes an operation out of the history: its call, and its return where it has one. */
function lift(call: Entry): void {
  unlink(call);
  if (call.match !== undefined) unlink(call.match);
}

/** Puts back what `lift` took out; the last one lifted first, so that its neighbours stand where they stood. */
function unlift(call: Entry): void {
  if (call.match !== undefined) relink(call.match);
  relink(call);
}

function unlink(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}
