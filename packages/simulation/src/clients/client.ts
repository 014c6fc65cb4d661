import { type ChainId, type TransactionId, utf8Encode } from '@varve/encoding';
import { prepareTransaction, type StateEntry, type Transaction } from '@varve/ledger';
import { RecordDamaged, stateAt } from '@varve/ledger/chain';
import { accountIdOf, coordinationKey } from '@varve/modules';
import type { Admission, TransactionState } from '@varve/validator';
import type { Operation as ClientOperation, SubmitOperation } from '../history/history.ts';
import type { Trace } from '../trace.ts';
import type { Dice } from '../world/dice.ts';
import type { Key } from '../world/keys.ts';
import { type SimulatedNode, WALL_START } from '../world/node.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { Request } from './model.ts';
import { drawPath, operationOf } from './requests.ts';

/** How long a client waits for one node before it asks another, milliseconds. */
const ATTEMPT_MS_MIN = 800;
const ATTEMPT_MS_MAX = 2500;
/** How long a transaction may be executed after it was made, and how long its client asks for it; milliseconds. */
const VALID_MS = 12_000;
const PATIENCE_MS = 12_000;
/** Before a refused client tries again, milliseconds. */
const RETRY_MS_MAX = 250;

/** What a client asks of the world around it. */
export interface ClientSurroundings {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly chainId: ChainId;
  /** Whom clients may ask. */
  readonly nodes: () => readonly SimulatedNode[];
  /** Tells the world what a transaction asks for, before anybody else can see it. */
  submitting(transaction: string, account: string, requests: readonly Request[], bytes: Uint8Array): void;
  /** Calls back when the transaction has come that far on that node, if it ever does. */
  whenReached(
    node: SimulatedNode,
    id: TransactionId,
    level: 'committed' | 'final',
    reached: (state: Reached) => void,
  ): void;
}

/** Where a transaction stands. */
export type Reached = Extract<TransactionState, { state: 'committed' | 'final' }>;

/** One transaction from its making to the end of its client's patience. */
interface Attempt {
  readonly transaction: Transaction;
  readonly invokedAt: number;
  readonly level: 'committed' | 'final';
  readonly done: (result: SubmitOperation['result']) => void;
  /** Nodes that were given it and did not refuse it: each may have taken it. */
  exposures: number;
  settled: boolean;
  /** Ties a late answer to the attempt that it belongs to. */
  number: number;
}

/** A client that submits through any node and insists until it knows, or has waited long enough. */
export class SimulatedClient {
  readonly name: string;
  readonly account: string;
  /** Everything it did, as it saw it. */
  readonly history: ClientOperation[] = [];
  readonly #key: Key;
  readonly #dice: Dice;
  readonly #surroundings: ClientSurroundings;
  #made = 0;

  constructor(name: string, key: Key, dice: Dice, surroundings: ClientSurroundings) {
    this.name = name;
    this.#key = key;
    this.#dice = dice;
    this.#surroundings = surroundings;
    this.account = accountIdOf(key.publicKey);
  }

  get chainId(): ChainId {
    return this.#surroundings.chainId;
  }

  /** A value that nobody else writes. */
  nextValue(): string {
    return `${this.name}.${this.#made + 1}`;
  }

  /** Submits one transaction and calls back when its fate is known, or given up on. */
  submit(requests: readonly Request[], finished: () => void): void {
    const { scheduler, trace } = this.#surroundings;
    const transaction = this.make(requests);
    const invokedAt = scheduler.now;
    const attempt: Attempt = {
      transaction,
      invokedAt,
      level: this.#dice.chance(0.5) ? 'final' : 'committed',
      exposures: 0,
      settled: false,
      number: 0,
      done: (result) => {
        if (attempt.settled) return;
        attempt.settled = true;
        const open = result.kind === 'unknown' ? {} : { completedAt: scheduler.now };
        this.history.push({
          kind: 'submit',
          client: this.name,
          transaction: transaction.id,
          invokedAt,
          ...open,
          result,
        });
        trace.note({
          at: scheduler.now,
          node: this.name,
          kind: 'answer',
          text: `${short(transaction.id)} ${told(result)}`,
        });
        finished();
      },
    };
    this.#try(attempt);
  }

  /** Reads one path through a read barrier and calls back, whether an answer came or not. */
  read(finished: () => void): void {
    const { scheduler, trace } = this.#surroundings;
    const node = this.#dice.pick(this.#surroundings.nodes());
    const path = drawPath(this.#dice);
    const invokedAt = scheduler.now;
    let isOver = false;
    const finish = (): void => {
      if (!isOver) finished();
      isOver = true;
    };
    scheduler.after(this.#dice.between(ATTEMPT_MS_MIN, ATTEMPT_MS_MAX), finish);
    node.call(
      (request) => ({ kind: 'barrier', request }),
      (answer) => {
        const ledger = node.validator?.ledger;
        if (isOver || answer.kind !== 'barrier' || ledger === undefined) return finish();
        let entry: StateEntry | undefined;
        try {
          entry = stateAt(ledger, 'coordination', coordinationKey(path), answer.height);
        } catch (error) {
          if (!(error instanceof RecordDamaged)) throw error;
          // As the API does: whoever reads damage reports it.
          node.validator?.reportDamage(error);
          node.deliver({ kind: 'timer' });
          return finish();
        }
        const value = entry ? Buffer.from(entry.bytes).toString('utf8') : null;
        this.history.push({
          kind: 'read',
          client: this.name,
          key: path,
          invokedAt,
          completedAt: scheduler.now,
          value,
          height: answer.height,
        });
        trace.note({
          at: scheduler.now,
          node: this.name,
          kind: 'answer',
          text: `${path} is ${value} at height ${answer.height}, says ${node.name}`,
        });
        finish();
      },
    );
  }

  /** A signed transaction, of which the world knows before anybody else can see it. */
  make(requests: readonly Request[]): Transaction {
    const { chainId, scheduler } = this.#surroundings;
    this.#made += 1;
    const nonce = new Uint8Array(16);
    nonce.set(utf8Encode(`${this.name}.${this.#made}`).subarray(0, 16));
    const { signedBytes, assemble } = prepareTransaction(
      {
        chainId,
        account: this.account as never,
        nonce,
        validUntil: WALL_START + scheduler.now + VALID_MS,
        operations: requests.map(operationOf),
      },
      this.#key.publicKey,
    );
    const transaction = assemble(this.#key.sign(signedBytes));
    this.#surroundings.submitting(transaction.id, this.account, requests, transaction.bytes);
    return transaction;
  }

  #try(attempt: Attempt): void {
    const { scheduler, trace } = this.#surroundings;
    if (attempt.settled) return;
    if (scheduler.now - attempt.invokedAt > PATIENCE_MS) return attempt.done({ kind: 'unknown' });
    const number = ++attempt.number;
    const node = this.#dice.pick(this.#surroundings.nodes());
    const id = attempt.transaction.id;
    trace.note({
      at: scheduler.now,
      node: this.name,
      kind: 'invoke',
      text: `${short(id)} at ${node.name}`,
      peer: node.name,
    });
    const again = (ms: number): void => {
      scheduler.after(ms, () => {
        if (attempt.number === number) this.#try(attempt);
      });
    };
    if (!node.isUp) return again(this.#dice.between(1, RETRY_MS_MAX));
    again(this.#dice.between(ATTEMPT_MS_MIN, ATTEMPT_MS_MAX));
    attempt.exposures += 1;
    node.call(
      (request) => ({ kind: 'submit', request, transactions: [attempt.transaction.bytes] }),
      (answer) => {
        if (attempt.settled || answer.kind !== 'submitted') return;
        const [admission] = answer.admissions;
        if (admission === undefined) return;
        if (!admission.admitted) return this.#refused(attempt, number, admission, again);
        this.#surroundings.whenReached(node, id, attempt.level, (state) => {
          const position = { height: state.height, leafIndex: state.leafIndex };
          attempt.done({ kind: 'acknowledged', position, outcome: state.outcome.code });
        });
      },
    );
  }

  /** Only what no node ever took is refused for good. */
  #refused(
    attempt: Attempt,
    number: number,
    admission: Extract<Admission, { admitted: false }>,
    again: (ms: number) => void,
  ): void {
    attempt.exposures -= 1;
    const isNowhere = attempt.exposures === 0;
    if (isNowhere && admission.retry === 'never') return attempt.done({ kind: 'refused', code: admission.code });
    if (attempt.number === number) again(this.#dice.between(20, RETRY_MS_MAX));
  }
}

function short(id: string): string {
  return id.slice(0, 8);
}

function told(result: SubmitOperation['result']): string {
  switch (result.kind) {
    case 'acknowledged':
      return `${result.outcome} at ${result.position.height}/${result.position.leafIndex}`;
    case 'refused':
      return `refused: ${result.code}`;
    case 'unknown':
      return 'given up on';
  }
}
