import type { Signer } from '@varve/crypto';
import type { BatchVerifier } from '@varve/crypto/batch';
import { type PublicKeyHex, toHex } from '@varve/encoding';
import type { Answer, Effects, GossipTopic, Instant, Notice, Validator, ValidatorEvent } from '@varve/validator';
import type { Network } from '../network/index.ts';
import type { LevelStore } from '../storage/index.ts';
import { Verifier } from './verifier.ts';

/** What carries a validator's effects out. */
export interface LoopParts {
  readonly validator: Validator;
  readonly store: LevelStore;
  /** None for observers, which sign nothing. */
  readonly signers: readonly Signer[];
  /** Absent: signatures are judged one by one. */
  readonly batchVerifier: BatchVerifier | undefined;
  readonly answered: (answer: Answer) => void;
  readonly noticed: (notice: Notice) => void;
  readonly misbehaved: (peer: PublicKeyHex, reason: string) => void;
  /** The validator or the store gave up: the process is to end. */
  readonly failed: (code: string, detail: string) => void;
}

/** Feeds a validator with events one after another and carries out what it asks for, with the machine's clocks. */
export class EventLoop {
  readonly #parts: LoopParts;
  readonly #verifier: Verifier;
  readonly #signers: ReadonlyMap<string, Signer>;
  readonly #queue: ValidatorEvent[] = [];
  #network: Network | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #running = false;
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
    this.#verifier = new Verifier(parts.batchVerifier, done);
  }

  get verifyMicros(): number {
    return this.#verifier.micros;
  }

  /** Packets can leave from now on. */
  connect(network: Network): void {
    this.#network = network;
  }

  /** Gives the validator an event, at once or after those that wait. */
  deliver(event: ValidatorEvent): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined && !this.#stopped; next = this.#queue.shift()) {
      const from = performance.now();
      const effects = this.#parts.validator.step(next, instant());
      this.stepMicros += (performance.now() - from) * 1000;
      this.#carryOut(effects);
    }
    this.#running = false;
  }

  /** Delivers nothing more; resolves when no commit is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.#commits > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  #carryOut(effects: Effects): void {
    if (effects.persist) this.#commit(effects.persist);
    for (const { job, items } of effects.verify) this.#verifier.add(job, items);
    for (const wanted of effects.sign) this.#sign(wanted);
    this.#send(effects);
    for (const answer of effects.answers) this.#parts.answered(answer);
    for (const notice of effects.notices) this.#parts.noticed(notice);
    for (const { peer, reason } of effects.misbehaved) this.#parts.misbehaved(peer, reason);
    if (effects.halt) {
      this.#stopped = true;
      this.#parts.failed(effects.halt.code, effects.halt.detail);
      return;
    }
    this.#wake(effects.wakeAt);
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

  #send({ send, publish }: Effects): void {
    const network = this.#network;
    if (network === undefined || (send.length === 0 && publish.length === 0)) return;
    const from = performance.now();
    for (const { to, packet } of send) network.send(to, packet);
    for (const { topic, bytes } of publish) network.publish(topic satisfies GossipTopic, bytes);
    this.sendMicros += (performance.now() - from) * 1000;
  }

  #wake(at: number): void {
    if (this.#timer !== undefined && this.#timerAt === at) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.max(0, at - instant().monotonic);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.deliver({ kind: 'timer' });
      },
      Math.min(delay, 60_000),
    );
  }
}

/** The machine's clocks. */
export function instant(): Instant {
  return { monotonic: Math.floor(performance.now()), wall: Date.now() };
}
