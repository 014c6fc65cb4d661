import type { NodeId, PayloadId } from '@varve/encoding';
import type { Entry, Payload, Slot } from '../contract.ts';
import { violated } from './violation.ts';

/** What a proposal is known by. */
export interface Proposal {
  readonly node: NodeId;
  readonly slot: Slot;
  readonly bytes: number;
}

/** What all nodes together did: the promises that span nodes and restarts are checked against it. */
export class History {
  /** What was decided, by index: epoch and payload id. */
  readonly committed: Map<number, string> = new Map();
  readonly payloads: Map<PayloadId, Payload> = new Map();
  readonly proposals: Map<PayloadId, Proposal> = new Map();
  /** Highest index that any node committed. */
  highest = 0;
  readonly #indexes = new Map<PayloadId, number>();
  readonly #readFloors = new Map<number, { readonly node: NodeId; readonly floor: number }>();
  #reads = 0;

  notePropose(node: NodeId, slot: Slot, payload: Payload): void {
    this.payloads.set(payload.id, payload);
    this.proposals.set(payload.id, { node, slot, bytes: payload.bytes.length });
  }

  /** Agreement: one entry at an index. And no payload at two. */
  noteCommit(node: NodeId, entry: Entry): void {
    const key = keyOf(entry);
    const known = this.committed.get(entry.index);
    if (known === key) return;
    if (known !== undefined) violated(`agreement: ${node} commits ${key} at ${entry.index}, where ${known} stands`);
    const id = entry.payload?.id;
    const at = id && this.#indexes.get(id);
    if (at !== undefined) violated(`${node} commits ${key} at ${entry.index} and at ${at}`);
    if (id !== undefined) this.#indexes.set(id, entry.index);
    this.committed.set(entry.index, key);
    this.highest = Math.max(this.highest, entry.index);
  }

  /** Where `id` was committed. */
  indexOf(id: PayloadId): number | undefined {
    return this.#indexes.get(id);
  }

  /** What a host answers to `check`: the payload was made for this very slot. */
  isMadeFor(id: PayloadId, slot: Slot): boolean {
    const made = this.proposals.get(id)?.slot;
    return made?.index === slot.index && made.epoch.number === slot.epoch.number && made.epoch.node === slot.epoch.node;
  }

  /** A read begins. @returns Its context. */
  askRead(node: NodeId): number {
    this.#reads += 1;
    this.#readFloors.set(this.#reads, { node, floor: this.highest });
    return this.#reads;
  }

  /** One answer for each read, and none below what was committed anywhere when it was asked for. */
  answerRead(node: NodeId, read: { readonly context: number; readonly index: number; readonly ok: boolean }): void {
    const asked = this.#readFloors.get(read.context);
    if (asked?.node !== node) return violated(`${node} answers read ${read.context}, which nobody waits for there`);
    this.#readFloors.delete(read.context);
    if (read.ok && read.index < asked.floor) violated(`stale read at ${node}: ${read.index} below ${asked.floor}`);
  }

  /** Reads without an answer. */
  openReads(node: NodeId): readonly number[] {
    return [...this.#readFloors].filter(([, read]) => read.node === node).map(([context]) => context);
  }

  /** A crash takes its reads along. */
  forgetReads(node: NodeId): void {
    for (const context of this.openReads(node)) this.#readFloors.delete(context);
  }
}

function keyOf(entry: Entry): string {
  return `${entry.epoch.number}/${entry.epoch.node}/${entry.payload?.id ?? 'no-op'}`;
}
