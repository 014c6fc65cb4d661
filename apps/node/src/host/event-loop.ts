import type { Signer } from '@varve/crypto';
import { type PublicKeyHex, toHex } from '@varve/encoding';
import type { Answer, Effects, GossipTopic, Instant, Notice, Validator, ValidatorEvent } from '@varve/validator';
import type { Network } from '../network/index.ts';
import type { LevelStore } from '../storage/index.ts';
import { TurnEffects } from './turn-effects.ts';
import type { JobDone, SignatureJudge } from './verify-jobs.ts';
import { WakeTimer } from './wake-timer.ts';

/** What carries a validator's effects out. */
export interface LoopParts {
  readonly validator: Pick<Validator, 'step'>;
  readonly store: Pick<LevelStore, 'commit'>;
  /** None for observers, which sign nothing. */
  readonly signers: readonly Signer[];
  readonly judge: (done: JobDone) => SignatureJudge;
  readonly answered: (answer: Answer) => void;
  readonly noticed: (notice: Notice) => void;
  readonly misbehaved: (peer: PublicKeyHex, reason: string) => void;
  /** The validator or the store gave up: the process is to end. */
  readonly failed: (code: string, detail: string) => void;
}

/** An event, or what makes it when its turn comes: of everything that was gathered by then. */
export type Delivery = ValidatorEvent | (() => ValidatorEvent);

/** So much stepping, and what came of it is carried out before the rest of the turn: peers must not wait. Milliseconds. */
const STEPPING_MS_MAX = 4;

/**
 * Feeds a validator with events one after another and carries out what it asks for, with the machine's clocks.
 *
 * Whatever arrives in one turn of the process's event loop is stepped at its end, and packets, answers and notices of
 * these steps leave together. Writes begin at once. All that arrived is stepped before sockets are read again, so that
 * a validator that cannot keep up slows those who send to it.
 */
export class EventLoop {
  readonly #parts: LoopParts;
  readonly #verifier: SignatureJudge;
  readonly #signers: ReadonlyMap<string, Signer>;
  readonly #effects = new TurnEffects();
  /** Peers that were cut off in this turn: what else they sent in it counts for nothing. */
  readonly #cutOff = new Set<PublicKeyHex>();
  readonly #timer: WakeTimer = new WakeTimer(() => this.deliver({ kind: 'timer' }));
  #queue: Delivery[] = [];
  #network: Pick<Network, 'send' | 'publish'> | undefined;
  #scheduled = false;
  #stopped = false;
  #commits = 0;
  #idle: (() => void) | undefined;
  /** Microseconds spent in the validator's own code and in handing packets to the network. */
  stepMicros = 0;
  sendMicros = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#signers = new Map(parts.signers.map((signer) => [toHex(signer.publicKey), signer]));
    const done = (job: number, verdicts: readonly boolean[]): void => this.deliver({ kind: 'verified', job, verdicts });
    this.#verifier = parts.judge(done);
  }

  get verifyMicros(): number {
    return this.#verifier.micros;
  }

  /** Packets can leave from now on. */
  connect(network: Pick<Network, 'send' | 'publish'>): void {
    this.#network = network;
  }

  /** Gives the validator an event at the end of this turn, after those that wait. */
  deliver(event: Delivery): void {
    if (this.#stopped) return;
    this.#queue.push(event);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#guardedTurn());
  }

  /** Delivers nothing more; resolves when no commit is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.stop();
    await this.#verifier.stop();
    if (this.#commits > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  /** What a turn leaves half done cannot be taken up again: the process ends, and starts from what is on disk. */
  #guardedTurn(): void {
    try {
      this.#turn();
    } catch (error) {
      this.#stopped = true;
      this.#parts.failed('INVARIANT_BROKEN', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  #turn(): void {
    let from = performance.now();
    let flushAt = from + STEPPING_MS_MAX;
    // By position: what steps sign is appended meanwhile.
    for (let next = 0; next < this.#queue.length && !this.#stopped; next++) {
      const queued = this.#queue[next] as Delivery;
      const event = typeof queued === 'function' ? queued() : queued;
      if (event.kind === 'packet' && this.#cutOff.has(event.from)) continue;
      const effects = this.#parts.validator.step(event, { monotonic: Math.floor(from), wall: Date.now() });
      const to = performance.now();
      this.stepMicros += (to - from) * 1000;
      this.#begin(effects);
      from = to;
      if (to < flushAt) continue;
      this.#flush();
      from = performance.now();
      flushAt = from + STEPPING_MS_MAX;
    }
    this.#queue = [];
    this.#cutOff.clear();
    this.#scheduled = false;
    this.#flush();
  }

  /** Starts what takes its time, and keeps the rest for the end of the turn. */
  #begin(effects: Effects): void {
    if (effects.persist) this.#commit(effects.persist);
    for (const { job, items } of effects.verify) this.#verifier.add(job, items);
    for (const wanted of effects.sign) this.#sign(wanted);
    this.#effects.add(effects);
    for (const { peer, reason } of effects.misbehaved) {
      this.#cutOff.add(peer);
      this.#parts.misbehaved(peer, reason);
    }
    if (effects.halt) {
      this.#stopped = true;
      this.#flush();
      this.#parts.failed(effects.halt.code, effects.halt.detail);
    }
  }

  #flush(): void {
    const { send, publish, answers, notices, wakeAt } = this.#effects.take();
    this.#send(send, publish);
    for (const answer of answers) this.#parts.answered(answer);
    for (const notice of notices) this.#parts.noticed(notice);
    if (!this.#stopped && wakeAt !== undefined) this.#timer.set(wakeAt);
  }

  #commit(persist: NonNullable<Effects['persist']>): void {
    this.#commits += 1;
    this.#parts.store.commit(persist.operations).then(
      () => {
        this.#settled();
        this.deliver({ kind: 'persisted', batch: persist.batch });
      },
      (error: unknown) => {
        this.#settled();
        // A rejected write may or may not have happened: only a new start can tell, so nothing more is said.
        this.#stopped = true;
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'STORE_FAILED';
        this.#parts.failed(code, error instanceof Error ? error.message : String(error));
      },
    );
  }

  #settled(): void {
    this.#commits -= 1;
    if (this.#commits === 0) this.#idle?.();
  }

  #sign({ job, key, messages }: Effects['sign'][number]): void {
    const signer = this.#signers.get(key);
    if (signer === undefined) return;
    this.#queue.push({ kind: 'signed', job, signatures: messages.map((message) => signer.sign(message)) });
  }

  #send(send: Effects['send'], publish: Effects['publish']): void {
    const network = this.#network;
    if (network === undefined || (send.length === 0 && publish.length === 0)) return;
    const from = performance.now();
    for (const { to, packet } of send) network.send(to, packet);
    for (const { topic, bytes } of publish) network.publish(topic satisfies GossipTopic, bytes);
    this.sendMicros += (performance.now() - from) * 1000;
  }
}

/** The machine's clocks. */
export function instant(): Instant {
  return { monotonic: Math.floor(performance.now()), wall: Date.now() };
}
