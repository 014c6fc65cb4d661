import type { PublicKeyHex } from '@varve/encoding';
import type { StoreOperation } from '@varve/ledger/chain';
import type { Answer, Effects, GossipTopic, LogLine, Notice, VerifyItem } from './events.ts';
import { encodePackets, type PeerMessage } from './packet.ts';

/** Gathers the effects of one step; everything for one peer leaves as one packet. */
export class Outbox {
  readonly #messages = new Map<PublicKeyHex, PeerMessage[]>();
  #verify: { job: number; items: readonly VerifyItem[] }[] = [];
  #sign: { job: number; key: PublicKeyHex; messages: readonly Uint8Array[] }[] = [];
  #publish: { topic: GossipTopic; bytes: Uint8Array }[] = [];
  #answers: Answer[] = [];
  #notices: Notice[] = [];
  #misbehaved: { peer: PublicKeyHex; reason: string }[] = [];
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
    const send = [];
    for (const [to, messages] of this.#messages) {
      for (const packet of encodePackets(messages)) send.push({ to, packet });
    }
    const effects: Effects = {
      ...(this.#persist && { persist: this.#persist }),
      verify: this.#verify,
      sign: this.#sign,
      send,
      publish: this.#publish,
      answers: this.#answers,
      notices: this.#notices,
      misbehaved: this.#misbehaved,
      wakeAt: this.#wakeAt,
      ...(this.#halt && { halt: this.#halt }),
    };
    this.#messages.clear();
    this.#persist = undefined;
    this.#verify = [];
    this.#sign = [];
    this.#publish = [];
    this.#answers = [];
    this.#notices = [];
    this.#misbehaved = [];
    this.#wakeAt = Number.MAX_SAFE_INTEGER;
    return effects;
  }
}
