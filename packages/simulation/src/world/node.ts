import {
  assert,
  ENGINE_TIMING_DEFAULT,
  ENGINE_WINDOW_DEFAULT,
  type Protocol,
  type ProtocolName,
} from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { type PublicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import { type Genesis, RULES_KNOWN } from '@varve/ledger';
import { type GenesisModule, type IndexShape, initialRecords, type StoreOperation } from '@varve/ledger/chain';
import { accountDirectory } from '@varve/modules';
import {
  type Answer,
  type Effects,
  type Instant,
  type Notice,
  POOL_LIMITS_DEFAULT,
  Validator,
  type ValidatorEvent,
  ValidatorLoader,
} from '@varve/validator';
import type { Trace } from '../trace.ts';
import type { Dice } from './dice.ts';
import { SimulatedDisk } from './disk.ts';
import type { Key, Signatures } from './keys.ts';
import type { Scheduler } from './scheduler.ts';

/** How long after an answer has left the process ends, milliseconds. */
const ANSWERED_MS_MAX = 20;
/** Unix time at virtual time 0. */
export const WALL_START = 1_790_000_000_000;
/** Of the index of transactions: a run has few, which are to fill segments and move all the same. */
const SIMULATED_INDEX: IndexShape = { segmentIds: 16, pages: 4, fanOut: 2 };
/** How long verifying a job takes, and a write at most without a slow disk; milliseconds. */
const VERIFY_MS = 1;
const WRITE_MS_MAX = 2;

/** Where in a write the process ends; `answered`: moments after what waited for the write has left. */
export type WriteBoundary = 'before' | 'during' | 'after' | 'answered';

/** An end that waits for the next write; `isOff`: it is not to come any more. */
export interface Boundary {
  readonly at: WriteBoundary;
  readonly power: boolean;
  isOff?: boolean;
}

/** What a node asks of the world around it. */
export interface NodeSurroundings {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly dice: Dice;
  readonly signatures: Signatures;
  readonly genesis: Genesis;
  readonly modules: ReadonlyMap<string, GenesisModule>;
  readonly protocols: (node: SimulatedNode, name: ProtocolName) => Protocol<unknown> | undefined;
  send(from: SimulatedNode, to: PublicKeyHex, packet: Uint8Array): void;
  /** `peer` sent what no correct node sends. */
  misbehaved(node: SimulatedNode, peer: PublicKeyHex): void;
  /** It just started: its ledger is readable. */
  booted(node: SimulatedNode): void;
  noticed(node: SimulatedNode, notice: Notice): void;
  /** The process ended: by a fault, or by itself with a code. */
  ended(node: SimulatedNode, reason: EndReason): void;
}

/** Why a process is gone. `power`: whatever was not synced is gone too, and nobody hears of the end at once. */
export type EndReason =
  | { readonly kind: 'crash'; readonly power: boolean }
  | { readonly kind: 'halt'; readonly code: string; readonly detail: string };

/** One machine: a disk, two clocks, and a process on it that comes and goes. */
export class SimulatedNode {
  readonly index: number;
  readonly name: string;
  readonly networkKey: PublicKeyHex;
  disk: SimulatedDisk = new SimulatedDisk();
  validator: Validator | undefined;
  /** Counts processes: what one started does not reach the next. */
  run = 0;
  /** Milliseconds by which the wall clock is wrong. */
  clockOffset = 0;
  /** What one event costs; 0 on a machine that keeps up. */
  stepMs = 0;
  /** Nothing happens in the process before. */
  pausedUntil = 0;
  diskMsMax = 0;
  /** How the next writes fail. */
  failing: 'EIO' | 'ENOSPC' | undefined;
  /** Where the next write ends the process. */
  boundary: Boundary | undefined;
  /** A fault changed what the disk holds. */
  isDamaged = false;
  /** Its payloads carry a transaction that is in the chain already; how many did. */
  isRepeating = false;
  repeated = 0;
  /** Events, writes and calls that a slow machine or disk delayed or failed. */
  delayed = 0;
  failed = 0;
  steps = 0;
  readonly #surroundings: NodeSurroundings;
  /** By public key; the newest is the last. */
  readonly #signingKeys = new Map<PublicKeyHex, Key>();
  readonly #inbox: ValidatorEvent[] = [];
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #inFlight: readonly StoreOperation[] | undefined;
  #busyUntil = 0;
  #isDraining = false;
  #drainAt = -1;
  #armedAt = -1;
  #requests = 0;

  constructor(index: number, name: string, surroundings: NodeSurroundings) {
    this.index = index;
    this.name = name;
    this.#surroundings = surroundings;
    this.networkKey = surroundings.signatures.key(`network ${name}`).hex;
    this.addSigningKey(surroundings.signatures.key(`signing ${name}`));
    this.disk.commit(initialRecords(surroundings.genesis, surroundings.modules.values(), new Uint8Array()));
  }

  /**
   * Starts the process on what its disk holds.
   * @returns the code of the error that kept it from starting.
   */
  boot(options: { readonly rebuild: boolean }): string | undefined {
    const { scheduler, trace, genesis, modules, signatures } = this.#surroundings;
    if (this.failing === 'ENOSPC') return this.#notStarted('STORE_DISK_FULL');
    this.run += 1;
    const loader = new ValidatorLoader();
    for (const range of ValidatorLoader.ranges) {
      for (const [key, value] of this.disk.entries(range)) loader.add(key, value);
    }
    try {
      const loaded = loader.finish(
        this.disk,
        {
          modules,
          accounts: accountDirectory,
          isSigned: (transaction) =>
            signatures.rule(transaction.publicKey, transaction.signedBytes, transaction.signature),
          rebuild: options.rebuild,
          rulesKnown: RULES_KNOWN,
          index: SIMULATED_INDEX,
        },
        genesis,
      );
      this.validator = new Validator(
        loaded,
        {
          networkKey: this.networkKey,
          signingKeys: [...this.#signingKeys.keys()],
          protocols: (name) => this.#surroundings.protocols(this, name),
          timing: ENGINE_TIMING_DEFAULT,
          window: ENGINE_WINDOW_DEFAULT,
          pool: POOL_LIMITS_DEFAULT,
          signatureRule: signatures.rule,
          bootId: toHex(sha256(utf8Encode(`${this.name} ${this.run}`)).subarray(0, 16)),
          salt: toHex(sha256(utf8Encode(`salt ${this.name} ${this.run}`)).subarray(0, 16)),
          verdictsMax: 10_000,
        },
        this.#instant(),
      );
    } catch (error) {
      if (error instanceof Error && 'code' in error) return this.#notStarted(String(error.code));
      throw error;
    }
    const { header } = this.validator.ledger.tip;
    trace.note({ at: scheduler.now, node: this.name, kind: 'boot', text: `starts at height ${header.height}` });
    this.#surroundings.booted(this);
    this.deliver({ kind: 'timer' });
    return undefined;
  }

  #notStarted(code: string): string {
    const { scheduler, trace } = this.#surroundings;
    trace.note({ at: scheduler.now, node: this.name, kind: 'halt', text: `does not start: ${code}` });
    return code;
  }

  /** Ends the process at once. Of a write under way a killed process leaves all or nothing, a power cut nothing. */
  crash(power: boolean): void {
    if (this.validator === undefined) return;
    if (this.#inFlight && !power && this.#surroundings.dice.chance(0.5)) this.disk.commit(this.#inFlight);
    this.#end({ kind: 'crash', power });
  }

  /** It can sign with this key from its next start on. */
  addSigningKey(key: Key): void {
    this.#signingKeys.set(key.hex, key);
  }

  /** It can sign with this key alone from its next start on. */
  holdOnly(key: Key): void {
    this.#signingKeys.clear();
    this.addSigningKey(key);
  }

  /** Gives the process an event: at once, or when it is its turn. */
  deliver(event: ValidatorEvent): void {
    if (this.validator === undefined) return;
    this.#inbox.push(event);
    if (!this.#isDraining) this.#drain();
  }

  /** A client's call; a process that ends never answers. */
  call(make: (request: number) => ValidatorEvent, answered: (answer: Answer) => void): void {
    const request = ++this.#requests;
    this.#answers.set(request, answered);
    this.deliver(make(request));
  }

  get isUp(): boolean {
    return this.validator !== undefined;
  }

  #drain(): void {
    const { scheduler } = this.#surroundings;
    this.#isDraining = true;
    while (this.#inbox.length > 0 && this.validator) {
      const ready = Math.max(this.#busyUntil, this.pausedUntil);
      if (ready > scheduler.now) {
        this.delayed += 1;
        this.#drainLater(ready);
        break;
      }
      const event = this.#inbox.shift();
      if (event) this.#step(this.validator, event);
      if (this.stepMs > 0) this.#busyUntil = scheduler.now + this.stepMs;
    }
    this.#isDraining = false;
  }

  #drainLater(at: number): void {
    const { scheduler } = this.#surroundings;
    if (this.#drainAt === at) return;
    this.#drainAt = at;
    const { run } = this;
    scheduler.after(at - scheduler.now, () => {
      if (this.#drainAt === at) this.#drainAt = -1;
      if (this.run === run && !this.#isDraining) this.#drain();
    });
  }

  #step(validator: Validator, event: ValidatorEvent): void {
    this.steps += 1;
    this.#carryOut(validator.step(event, this.#instant()));
  }

  #carryOut(effects: Effects): void {
    const { run } = this;
    if (effects.persist) this.#write(effects.persist.batch, effects.persist.operations);
    if (this.run !== run || this.validator === undefined) return;
    for (const { job, items } of effects.verify) {
      this.#later(VERIFY_MS, () => ({
        kind: 'verified',
        job,
        verdicts: items.map((item) => this.#surroundings.signatures.rule(item.publicKey, item.message, item.signature)),
      }));
    }
    for (const { job, key, messages } of effects.sign) {
      const signer = this.#signingKeys.get(key);
      assert(signer !== undefined, 'a seat is taken with a key at hand');
      this.#inbox.push({ kind: 'signed', job, signatures: messages.map((message) => signer.sign(message)) });
    }
    for (const { to, packet } of effects.send) this.#surroundings.send(this, to, packet);
    for (const { peer } of effects.misbehaved) this.#surroundings.misbehaved(this, peer);
    for (const answer of effects.answers) this.#answer(answer);
    for (const notice of effects.notices) this.#surroundings.noticed(this, notice);
    if (effects.halt) return this.#end({ kind: 'halt', ...effects.halt });
    this.#wake(effects.wakeAt);
  }

  #answer(answer: Answer): void {
    const answered = this.#answers.get(answer.request);
    this.#answers.delete(answer.request);
    answered?.(answer);
  }

  #write(batch: number, operations: readonly StoreOperation[]): void {
    const { scheduler, dice, trace } = this.#surroundings;
    const { boundary, failing } = this;
    this.boundary = undefined;
    if (boundary && boundary.at !== 'answered') {
      if (boundary.at === 'after' || (boundary.at === 'during' && !boundary.power && dice.chance(0.5))) {
        this.disk.commit(operations);
      }
      return this.#end({ kind: 'crash', power: boundary.power });
    }
    this.#inFlight = operations;
    const slow = this.diskMsMax > 0 ? dice.between(0, this.diskMsMax) : 0;
    if (slow > 0) this.delayed += 1;
    const { run } = this;
    scheduler.after(dice.between(1, WRITE_MS_MAX) + slow, () => {
      if (this.run !== run || this.validator === undefined) return;
      this.#inFlight = undefined;
      if (failing) {
        this.failed += 1;
        // The outcome of a failed write is unknown: only a new start can tell.
        if (dice.chance(0.5)) this.disk.commit(operations);
        return this.#end({ kind: 'halt', code: STORE_CODES[failing], detail: `a write failed with ${failing}` });
      }
      this.disk.commit(operations);
      trace.detail(() => ({
        at: scheduler.now,
        node: this.name,
        kind: 'persist',
        text: `batch ${batch}, ${operations.length} records`,
      }));
      this.deliver({ kind: 'persisted', batch });
      if (boundary) this.#endLater(run, boundary);
    });
  }

  #endLater(run: number, boundary: Boundary): void {
    const { scheduler, dice } = this.#surroundings;
    scheduler.after(dice.between(1, ANSWERED_MS_MAX), () => {
      if (this.run === run && this.isUp && !boundary.isOff) this.#end({ kind: 'crash', power: boundary.power });
    });
  }

  #later(ms: number, event: () => ValidatorEvent): void {
    const { run } = this;
    this.#surroundings.scheduler.after(ms, () => {
      if (this.run === run && this.validator) this.deliver(event());
    });
  }

  #wake(at: number): void {
    const { scheduler } = this.#surroundings;
    // A millisecond passes at least, so that a process that asks for "now" cannot stop the clock.
    const due = Math.max(Math.min(at, scheduler.now + 60_000), scheduler.now + 1);
    if (this.#armedAt === due) return;
    this.#armedAt = due;
    const { run } = this;
    scheduler.after(due - scheduler.now, () => {
      if (this.run !== run || this.#armedAt !== due) return;
      this.#armedAt = -1;
      this.deliver({ kind: 'timer' });
    });
  }

  #end(reason: EndReason): void {
    const { scheduler, trace } = this.#surroundings;
    this.validator = undefined;
    this.#inFlight = undefined;
    this.#inbox.length = 0;
    this.#answers.clear();
    this.#busyUntil = 0;
    this.#armedAt = -1;
    this.boundary = undefined;
    const text = reason.kind === 'halt' ? `${reason.code}: ${reason.detail}` : reason.power ? 'power cut' : 'killed';
    trace.note({ at: scheduler.now, node: this.name, kind: reason.kind, text });
    this.#surroundings.ended(this, reason);
  }

  #instant(): Instant {
    const { now } = this.#surroundings.scheduler;
    return { monotonic: now, wall: WALL_START + now + this.clockOffset };
  }
}

const STORE_CODES = { EIO: 'STORE_FAILED', ENOSPC: 'STORE_DISK_FULL' } as const;
