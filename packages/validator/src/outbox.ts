import type { PublicKeyHex } from '@varve/encoding';
import type { StoreOperation } from '@varve/ledger/chain';
import type { Answer, Effects, GossipTopic, LogLine, Notice, VerifyItem } from './events.ts';
import { encodePackets, type PeerMessage } from './packet.ts';

/** Gathers the effects of one step; everything for one peer leaves as one packet. */
export class Outbox {
  readonly #messages = new Map<PublicKeyHex, PeerMessage[]>();
  readonly #verify: { job: number; items: readonly VerifyItem[] }[] = [];
  readonly #sign: { job: number; key: PublicKeyHex; messages: readonly Uint8Array[] }[] = [];
  readonly #publish: { topic: GossipTopic; bytes: Uint8Array }[] = [];
  readonly #answers: Answer[] = [];
  readonly #notices: Notice[] = [];
  readonly #misbehaved: { peer: PublicKeyHex; reason: string }[] = [];
  #persist: { batch: number; operations: readonly StoreOperation[] } | undefined;
  #halt: { code: string; detail: string } | undefined;
  #wakeAt = Number.MAX_SAFE_INTEGER;
  #nextJob = 1;

  /** Ids of jobs are unique in a run. */
  nextJob(): number {
    return this.#nextJob++;
  }

  send(to: PublicKeyHex, message: PeerMessage): void {
    const messages = this.#messages.get(to);
    if (messages) messages.push(message);
    else this.#messages.set(to, [message]);
  }

  verify(job: number, items: readonly VerifyItem[]): void {
    this.#verify.push({ job, items });
  }

  sign(job: number, key: PublicKeyHex, messages: readonly Uint8Array[]): void {
    this.#sign.push({ job, key, messages });
  }

  publish(topic: GossipTopic, bytes: Uint8Array): void {
    this.#publish.push({ topic, bytes });
  }

  answer(answer: Answer): void {
    this.#answers.push(answer);
  }

  notice(notice: Notice): void {
    this.#notices.push(notice);
  }

  log(level: LogLine['level'], code: string, details: LogLine['details'] = {}): void {
    this.#notices.push({ kind: 'log', line: { level, code, details } });
  }

  misbehaved(peer: PublicKeyHex, reason: string): void {
    this.#misbehaved.push({ peer, reason });
    this.log('warn', 'PEER_MISBEHAVED', { peer, reason });
  }

  persist(batch: number, operations: readonly StoreOperation[]): void {
    this.#persist = { batch, operations };
  }

  /** Asks for a timer event at `at`, or earlier if somebody asks for that. */
  wake(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt, at);
  }

  /** The first reason to stop is kept. */
  halt(code: string, detail: string): void {
    if (this.#halt) return;
    this.#halt = { code, detail };
    this.log('error', code, { detail });
  }

  get halted(): boolean {
    return this.#halt !== undefined;
  }

  /** The effects of this step; the next begins empty. A halt stays. */
  take(): Effects {
    const effects: Effects = {
      persist: this.#persist,
      verify: taken(this.#verify),
      sign: taken(this.#sign),
      send: this.#messages.size === 0 ? NONE : this.#packets(),
      publish: taken(this.#publish),
      answers: taken(this.#answers),
      notices: taken(this.#notices),
      misbehaved: taken(this.#misbehaved),
      wakeAt: this.#wakeAt,
      halt: this.#halt,
    };
    this.#persist = undefined;
    this.#wakeAt = Number.MAX_SAFE_INTEGER;
    return effects;
  }

  #packets(): { readonly to: PublicKeyHex; readonly packet: Uint8Array }[] {
    const packets = [];
    for (const [to, messages] of this.#messages) {
      for (const packet of encodePackets(messages)) packets.push({ to, packet });
    }
    this.#messages.clear();
    return packets;
  }
}

/** Most steps have few effects: those that are none share this. */
const NONE: readonly never[] = [];

/** What `list` holds, which is empty afterwards. */
function taken<T>(list: T[]): readonly T[] {
  return list.length === 0 ? NONE : list.splice(0);
}
