import { latin1 } from '@varve/encoding';
import { type BatchExports, instantiateBatch, isBatchSupported } from './batch-module.ts';
import { native } from './native.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type Verify, verifySignature } from './verify.ts';

/** A signature to judge. */
export interface SignedMessage {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** How a batch verifier works; the defaults are for this host. */
export interface BatchOptions {
  /** Fewer signatures are judged one by one. Default: where a batch begins to be cheaper than libsodium. */
  readonly batchMin?: number;
  /**
   * A key is prepared when it is met so many times: what a table costs pays only if the key comes again.
   * Default: 2 with libsodium, else 1.
   */
  readonly sightings?: 1 | 2;
}

/** What one call has to do. */
interface Job {
  readonly items: readonly SignedMessage[];
  /** The items' public keys, as keys of maps; empty where the length is wrong. */
  readonly keys: readonly string[];
  readonly verdicts: boolean[];
  readonly single: Verify;
}

/** Two are cheaper than with libsodium already while all is in the processor's caches; four should be even if it is not. */
const BATCH_MIN = 4;
/** Without libsodium any batch is faster. */
const BATCH_MIN_NOBLE = 2;
const COEFFICIENT_BYTES = 16;
/** Coefficients have 126 bits. */
const COEFFICIENT_TOP = 0x3f;
/** A slot's stead for what is no point of the curve. */
const NO_KEY = -1;

/**
 * Judges many signatures at once by the rule of `verifySignature`, with the same answers, in WebAssembly: a random
 * linear combination holds for all or, but for a chance of 2^-125, for none that is bad (`assembly/batch.ts`). A batch that
 * fails is halved until what is bad stands alone.
 */
export class BatchVerifier {
  readonly #wasm: BatchExports;
  readonly #batchMin: number;
  readonly #sightings: number;
  readonly #signaturesMax: number;
  readonly #keysMax: number;
  readonly #messageBytesMax: number;
  readonly #key: Uint8Array;
  readonly #signature: Uint8Array;
  readonly #message: Uint8Array;
  readonly #coefficients: Uint8Array;
  /** Slots of keys by their bytes. */
  readonly #slots = new Map<string, number>();
  /** Keys met once. */
  readonly #met = new Set<string>();
  #slotsUsed = 0;

  private constructor(wasm: BatchExports, options: BatchOptions) {
    const hasSodium = native.sodium !== undefined;
    this.#wasm = wasm;
    this.#batchMin = options.batchMin ?? (hasSodium ? BATCH_MIN : BATCH_MIN_NOBLE);
    this.#sightings = options.sightings ?? (hasSodium ? 2 : 1);
    this.#signaturesMax = wasm.SIGNATURES_MAX.value;
    this.#keysMax = wasm.KEYS_MAX.value;
    this.#messageBytesMax = wasm.MESSAGE_BYTES_MAX.value;
    const { buffer } = wasm.memory;
    this.#key = new Uint8Array(buffer, wasm.KEY.value, PUBLIC_KEY_BYTES);
    this.#signature = new Uint8Array(buffer, wasm.SIGNATURE.value, SIGNATURE_BYTES);
    this.#message = new Uint8Array(buffer, wasm.MESSAGE.value, this.#messageBytesMax);
    this.#coefficients = new Uint8Array(buffer, wasm.COEFFICIENTS.value, COEFFICIENT_BYTES * this.#signaturesMax);
  }

  /** Whether `create` works on this host: where it does not, judge one by one, with the same verdicts. */
  static isSupported(): boolean {
    return isBatchSupported();
  }

  /** Rejects with WebAssembly's own error where it is not supported. */
  static async create(options: BatchOptions = {}): Promise<BatchVerifier> {
    return new BatchVerifier(await instantiateBatch(), options);
  }

  /**
   * The verdict on each; `false` for wrong lengths too.
   * @param single - Judges what is not worth a batch, and whatever a batch does not accept.
   */
  verify(items: readonly SignedMessage[], single: Verify = verifySignature): boolean[] {
    const verdicts = new Array<boolean>(items.length).fill(false);
    const keys = items.map(({ publicKey }) => (publicKey.length === PUBLIC_KEY_BYTES ? latin1(publicKey) : ''));
    const job = { items, keys, verdicts, single };
    const fitting: number[] = [];
    const others: number[] = [];
    for (let i = 0; i < items.length; i++) (this.#fits(job, i) ? fitting : others).push(i);
    for (let from = 0; from < fitting.length; from += this.#signaturesMax)
      this.#judge(job, fitting.slice(from, from + this.#signaturesMax));
    judgeOneByOne(job, others);
    return verdicts;
  }

  #fits({ items, keys }: Job, place: number): boolean {
    const { publicKey, message, signature } = items[place] as SignedMessage;
    if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
    return message.length <= this.#messageBytesMax && this.#isWorthPreparing(keys[place] as string);
  }

  #isWorthPreparing(key: string): boolean {
    if (this.#sightings === 1 || this.#slots.has(key)) return true;
    if (this.#met.delete(key)) return true;
    if (this.#met.size >= this.#keysMax) this.#met.clear();
    this.#met.add(key);
    return false;
  }

  /** Judges the items at `places`, at most as many as one batch takes. */
  #judge(job: Job, places: readonly number[]): void {
    if (places.length < this.#batchMin) return judgeOneByOne(job, places);
    const { candidates, others } = this.#begin(job, places);
    // Only a yes is this module's word.
    judgeOneByOne(job, others);
    if (this.#wasm.check() === 1) {
      for (const place of candidates) job.verdicts[place] = true;
    } else if (candidates.length === 1) judgeOneByOne(job, candidates);
    else {
      const middle = Math.ceil(candidates.length / 2);
      this.#judge(job, candidates.slice(0, middle));
      this.#judge(job, candidates.slice(middle));
    }
  }

  /** Puts what can stand in a batch into one; `others` have no point as key, or a number that is too large. */
  #begin(
    job: Job,
    places: readonly number[],
  ): { readonly candidates: readonly number[]; readonly others: readonly number[] } {
    const slots = this.#slotsOf(job, places);
    const random = this.#coefficients.subarray(0, COEFFICIENT_BYTES * places.length);
    crypto.getRandomValues(random as Uint8Array<ArrayBuffer>);
    for (let top = COEFFICIENT_BYTES - 1; top < random.length; top += COEFFICIENT_BYTES)
      random[top] = (random[top] as number) & COEFFICIENT_TOP;
    this.#wasm.begin();
    const candidates: number[] = [];
    const others: number[] = [];
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      (this.#add(job.items[place] as SignedMessage, slots[i] as number) ? candidates : others).push(place);
    }
    return { candidates, others };
  }

  #add({ message, signature }: SignedMessage, slot: number): boolean {
    if (slot === NO_KEY) return false;
    this.#signature.set(signature);
    this.#message.set(message);
    return this.#wasm.add(slot, message.length) === 1;
  }

  /** The slots of the keys, which are made where there are none. */
  #slotsOf({ items, keys }: Job, places: readonly number[]): readonly number[] {
    // No slot may change hands in a batch: when there is not room for all, all begin anew.
    if (this.#slotsUsed + places.length > this.#keysMax) {
      this.#slots.clear();
      this.#slotsUsed = 0;
    }
    return places.map((place) => {
      const key = keys[place] as string;
      const known = this.#slots.get(key);
      if (known !== undefined) return known;
      this.#key.set((items[place] as SignedMessage).publicKey);
      const slot = this.#wasm.loadKey(this.#slotsUsed) === 1 ? this.#slotsUsed++ : NO_KEY;
      // What is no key takes no slot, and is not remembered without bound either.
      if (slot !== NO_KEY) this.#slots.set(key, slot);
      return slot;
    });
  }
}

function judgeOneByOne({ items, verdicts, single }: Job, places: readonly number[]): void {
  for (const place of places) {
    const { publicKey, message, signature } = items[place] as SignedMessage;
    verdicts[place] = single(publicKey, message, signature);
  }
}
