import type { StateEntry, StateReader } from './module.ts';
import { StateKey, stateId } from './state-key.ts';

/** A state that can be read by keys whose other forms are known already. */
export interface KeyedState extends StateReader {
  entry(key: StateKey): StateEntry | undefined;
}

/** One changed key, with the value before the first change and after the last. */
export interface StateChange {
  readonly module: string;
  readonly key: Uint8Array;
  readonly before: StateEntry | undefined;
  readonly after: StateEntry | undefined;
}

/** A key that a block has read or written, with its value below and its value now. */
export class StateCell extends StateKey implements StateChange {
  before: StateEntry | undefined;
  after: StateEntry | undefined;
  /** Whether it is among the changes. */
  isChanged = false;
}

/**
 * What a block writes on top of a state. Each key is read from below once. Writes since the last `keep` can be taken
 * back together: those of a transaction that fails.
 */
export class StateOverlay implements StateReader {
  readonly #below: StateReader | KeyedState;
  readonly #cells = new Map<string, StateCell>();
  readonly #changes: StateCell[] = [];
  /** Writes since the last `keep`, with the value before each, and beyond `#writes` what is left of earlier ones. */
  readonly #written: StateCell[] = [];
  readonly #overwritten: (StateEntry | undefined)[] = [];
  #writes = 0;
  /** Most keys that are written were read just before. */
  #last: StateCell | undefined;

  constructor(below: StateReader | KeyedState) {
    this.#below = below;
  }

  get(module: string, key: Uint8Array): StateEntry | undefined {
    return this.cell(module, key).after;
  }

  put(module: string, key: Uint8Array, after: StateEntry | undefined): void {
    this.write(this.cell(module, key), after);
  }

  /**
   * Where a key stands: for those who read it and then write it.
   * @param key - Is kept, and must not change.
   */
  cell(module: string, key: Uint8Array): StateCell {
    const last = this.#last;
    if (last?.key === key && last.module === module) return last;
    const id = stateId(module, key);
    const cell = this.#cells.get(id) ?? this.#read(new StateCell(module, key, id));
    this.#last = cell;
    return cell;
  }

  #read(cell: StateCell): StateCell {
    const below = this.#below;
    cell.before = 'entry' in below ? below.entry(cell) : below.get(cell.module, cell.key);
    cell.after = cell.before;
    this.#cells.set(cell.id, cell);
    return cell;
  }

  /** @param cell - Of this overlay. */
  write(cell: StateCell, after: StateEntry | undefined): void {
    if (after === undefined && cell.after === undefined) return;
    this.#written[this.#writes] = cell;
    this.#overwritten[this.#writes] = cell.after;
    this.#writes += 1;
    cell.after = after;
  }

  /** What was written stays. */
  keep(): void {
    for (let i = 0; i < this.#writes; i++) {
      const cell = this.#written[i] as StateCell;
      if (cell.isChanged || (cell.before === undefined && cell.after === undefined)) continue;
      cell.isChanged = true;
      this.#changes.push(cell);
    }
    this.#writes = 0;
  }

  /** What was written since the last `keep` is taken back. */
  undo(): void {
    for (let i = this.#writes - 1; i >= 0; i--) (this.#written[i] as StateCell).after = this.#overwritten[i];
    this.#writes = 0;
  }

  /** What was kept, in order of first change, which is the same on every validator. */
  get changes(): readonly StateCell[] {
    return this.#changes;
  }
}
