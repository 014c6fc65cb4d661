import { createHash } from 'node:crypto';
import type { TraceEvent } from './trace-event.ts';

/** Events kept for a report. */
const EVENTS_KEPT = 200_000;

/**
 * Everything that happens in a world, as a hash: two runs with the same trace hash did the same, byte for byte. Events
 * themselves are kept only when a report will be made of them.
 */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #events: TraceEvent[] = [];
  readonly isRecording: boolean;

  constructor(isRecording: boolean) {
    this.isRecording = isRecording;
  }

  note(event: TraceEvent): void {
    this.#hash.update(`${event.at} ${event.node} ${event.kind} ${event.text}\n`);
    this.#keep(event);
  }

  /** A packet that left. `describe` is asked only for a report. */
  packet(at: number, from: string, to: string, id: number, bytes: Uint8Array, describe: () => string): void {
    this.#hash.update(`${at} ${from} send ${to} ${bytes.length}\n`).update(bytes);
    if (this.isRecording) this.#keep({ at, node: from, kind: 'send', text: describe(), peer: to, id });
  }

  /** Something that follows from what is hashed already: for a report only. */
  detail(event: () => TraceEvent): void {
    if (this.isRecording) this.#keep(event());
  }

  get events(): readonly TraceEvent[] {
    return this.#events;
  }

  /** Of everything so far: 64 hexadecimal digits. */
  hash(): string {
    return this.#hash.copy().digest('hex');
  }

  #keep(event: TraceEvent): void {
    if (!this.isRecording) return;
    this.#events.push(event);
    if (this.#events.length > 2 * EVENTS_KEPT) this.#events.splice(0, EVENTS_KEPT);
  }
}
