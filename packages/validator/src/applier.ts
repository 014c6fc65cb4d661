import { assert, type Entry, type Payload } from '@varve/consensus';
import type { ConfigurationHash, PayloadId } from '@varve/encoding';
import type { Block, Certificate, Transaction } from '@varve/ledger';
import type { ExecutedBlock, Execution, Ledger } from '@varve/ledger/chain';
import { EXECUTION_SLICE_TRANSACTIONS } from './limits.ts';
import type { OpenedPayload } from './opened-payloads.ts';
import type { PayloadVerifier } from './signatures.ts';

/** A certified block from a peer; the certificate is of this block, where it carries one. */
export interface SyncedBlock {
  readonly block: Block;
  readonly certificate: Certificate | undefined;
}

/** What became of the order. */
export interface ApplierEvents {
  /** A block was executed; `synced` where it came from a peer and not from the engine. */
  executed(block: ExecutedBlock, synced: SyncedBlock | undefined): void;
  /** Nothing came of a payload; what was skipped in it will never execute. */
  skipped(execution: Execution): void;
  /** The engine's entry was passed; `payload` where it had one. */
  applied(index: number, payload: PayloadId | undefined, madeBlock: boolean): void;
  /** An entry stands behind the last block of its configuration: nothing comes of it. */
  ignored(payload: Payload): void;
  /** Whether the last block of a configuration is executed and the next engine not ready: nothing follows it yet. */
  readonly isBetween: boolean;
  /** Executing a certified block gave another one. */
  diverged(synced: SyncedBlock, made: ExecutedBlock | undefined): void;
}

type Item =
  | { readonly entry: Entry; readonly configuration: ConfigurationHash; readonly synced?: undefined }
  | { readonly synced: SyncedBlock; readonly entry?: undefined };

interface Current {
  readonly item: Item;
  readonly execution: Execution;
  readonly payload: PayloadId;
  readonly decoded: OpenedPayload['decoded'];
}

/** Executes what is ordered, one payload after another, in slices that leave room for other events. */
export class Applier {
  readonly #ledger: Ledger;
  readonly #verifier: PayloadVerifier;
  readonly #events: ApplierEvents;
  readonly #queue: Item[] = [];
  #current: Current | undefined;

  constructor(ledger: Ledger, verifier: PayloadVerifier, events: ApplierEvents) {
    this.#ledger = ledger;
    this.#verifier = verifier;
    this.#events = events;
  }

  /** Committed entries and certified blocks that wait. */
  get waiting(): number {
    return this.#queue.length + (this.#current ? 1 : 0);
  }

  /** The order of the engine of `configuration`. */
  enqueue(entry: Entry, configuration: ConfigurationHash): void {
    if (entry.payload) this.#verifier.prepare(entry.payload.id, entry.payload.bytes);
    this.#queue.push({ entry, configuration });
  }

  /** Blocks that peers certified, ascending. */
  enqueueSynced(synced: SyncedBlock): void {
    const { payload, sealed } = synced.block;
    if (payload) this.#verifier.prepare(sealed.header.payloadHash, payload);
    this.#queue.push({ synced });
  }

  /**
   * Goes on for about one slice.
   * @returns Whether more can be done at once.
   */
  run(): boolean {
    if (this.#current) {
      if (!this.#current.execution.run(EXECUTION_SLICE_TRANSACTIONS)) return true;
      this.#finish(this.#current);
      return this.#queue.length > 0;
    }
    const item = this.#queue[0];
    if (item === undefined || this.#isBlocked(item)) return false;
    this.#queue.shift();
    this.#begin(item);
    return this.#current !== undefined || this.#queue.length > 0;
  }

  #isBlocked(item: Item): boolean {
    if (item.synced && this.#events.isBetween) return true;
    const payload = item.entry ? item.entry.payload?.id : item.synced.block.sealed.header.payloadHash;
    return payload !== undefined && this.#verifier.isUnderway(payload);
  }

  #begin(item: Item): void {
    const found = this.#content(item);
    if (found === undefined) return;
    const { payload, opened } = found;
    const isSigned = (transaction: Transaction): boolean => this.#verifier.isSigned(transaction);
    const execution = this.#ledger.begin(opened.content, isSigned, opened.decoded);
    this.#current = { item, execution, payload, decoded: opened.decoded };
  }

  /** What is to be executed; `undefined` for what is past or has nothing in it. */
  #content(item: Item): { readonly payload: PayloadId; readonly opened: OpenedPayload } | undefined {
    if (item.synced) {
      const { sealed, payload } = item.synced.block;
      if (sealed.header.height !== this.#ledger.tip.header.height + 1 || payload === null) return undefined;
      // Whoever sent it did not send the certificate that must come first.
      if (this.#ledger.isHandingOver || sealed.header.configurationHash !== this.#ledger.next.hash) return undefined;
      const { payloadHash } = sealed.header;
      const opened = this.#verifier.opened.open(payloadHash, payload);
      assert(opened !== undefined, 'the payload of a certified block can be decoded');
      return { payload: payloadHash, opened };
    }
    const { index, payload } = item.entry;
    if (item.configuration !== this.#ledger.next.hash) {
      if (payload) this.#events.ignored(payload);
      return undefined;
    }
    if (index <= this.#ledger.applied) return undefined;
    const opened = payload && this.#verifier.opened.open(payload.id, payload.bytes);
    if (payload && opened) return { payload: payload.id, opened };
    if (payload) this.#verifier.opened.forget(payload.id);
    this.#ledger.advance(index);
    this.#events.applied(index, payload?.id, false);
    return undefined;
  }

  #finish({ item, execution, payload, decoded }: Current): void {
    this.#current = undefined;
    this.#verifier.executed(payload, decoded);
    if (item.entry) {
      const { index, epoch } = item.entry;
      const made = this.#ledger.finish(execution, { index, epoch, payload });
      if (made) this.#events.executed(made, undefined);
      else this.#events.skipped(execution);
      this.#events.applied(index, payload, made !== undefined);
      return;
    }
    const { header, hash } = item.synced.block.sealed;
    const bytes = item.synced.block.payload ?? new Uint8Array();
    const made = this.#ledger.finish(execution, { index: header.index, epoch: header.epoch, payload, bytes });
    if (made?.sealed.hash !== hash) return this.#events.diverged(item.synced, made);
    this.#events.executed(made, item.synced);
  }
}
