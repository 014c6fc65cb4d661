import { faultsTolerated, type Protocol, quorumSize } from '@varve/consensus';
import type { AccountId } from '@varve/encoding';
import { RecordDamaged } from '@varve/ledger/chain';
import { balanceIn } from '@varve/modules';
import type { Condition, ValidatorStatus } from '@varve/validator';
import { checkEvidence } from './checks/evidence.ts';
import type { Violation } from './checks/violation.ts';
import { Governor } from './clients/governor.ts';
import { ASSET, drawRequests, ISSUED } from './clients/requests.ts';
import { FaultDriver } from './faults/driver.ts';
import { FAULT_KINDS, type Fault, type FaultKind, liarsIn } from './faults/fault.ts';
import { drawPlan } from './faults/plan.ts';
import type { Operation } from './history/history.ts';
import { registerFaults } from './history/linearizability.ts';
import { witnessFaults } from './history/witness.ts';
import type { TraceEvent } from './trace-event.ts';
import { Dice } from './world/dice.ts';
import { realSignatures, type Signatures, standInSignatures } from './world/keys.ts';
import type { SimulatedNode } from './world/node.ts';
import { World } from './world/world.ts';

/**
 * What makes a seed count (DESIGN §8): virtual time, final transactions, faults that happened, their kinds; and reads that
 * were answered.
 */
export const COUNTED = { virtualMs: 30_000, transactions: 200, faults: 5, kinds: 3, reads: 20 } as const;
/** After the faults end, everything must be final everywhere within this, virtual milliseconds. */
export const LIVENESS_MS_MAX = 20_000;
/** One seed in so many is run with real signatures. */
const REAL_SIGNATURES_EVERY = 100;
const CLIENTS = 4;
/** Nodes that can be given a seat, where configurations change. */
const SPARES = 4;
/** Between two requests of a client, milliseconds. */
const THINK_MS_MIN = 100;
const THINK_MS_MAX = 700;
const READ_SHARE = 0.2;
/** Between two reads of the client that only reads, milliseconds. */
const READER_MS_MIN = 20;
const READER_MS_MAX = 180;
/** How often a client submits several transactions in a row, how many more, and how far apart; milliseconds. */
const BURST_SHARE = 0.5;
const BURST_MAX = 8;
const BURST_GAP_MS_MAX = 20;
/** After the faults end a cluster may need this long before it serves as ever, virtual milliseconds. */
const SETTLING_MS = 5000;
/** How far apart progress is looked at, milliseconds. */
const LOOK_MS = 20;

/** One run. */
export interface SimulationOptions {
  readonly protocol: Protocol<unknown>;
  readonly validators: number;
  readonly seed: number;
  /** How long faults happen, virtual milliseconds. */
  readonly durationMs: number;
  readonly kinds?: readonly FaultKind[];
  /** Change the configuration again and again: protocol, seats and keys. */
  readonly changes?: boolean;
  /** These faults instead of the seed's own. */
  readonly plan?: readonly Fault[];
  readonly isRecording?: boolean;
}

/** What a run showed. */
export interface SimulationResult {
  readonly seed: number;
  /** Equal for equal runs, in any process. */
  readonly traceHash: string;
  readonly violations: readonly Violation[];
  readonly virtualMs: number;
  /** Final transactions. */
  readonly transactions: number;
  readonly height: number;
  /** Faults that really happened, by kind. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Virtual milliseconds from the last fault to everything final everywhere; absent where that was not reached. */
  readonly livenessMs?: number;
  /** Whether the run was hard enough to prove something. */
  readonly isCounted: boolean;
  readonly steps: number;
  readonly packets: number;
  readonly plan: readonly Fault[];
  /** With `isRecording`. */
  readonly events: readonly TraceEvent[];
}

/** Runs one seed: load and faults for `durationMs`, then no more faults until everything is final everywhere. */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #driver: FaultDriver;
  readonly #plan: readonly Fault[];
  #clientsBusy = 0;
  #isLoading = true;
  #livenessMs: number | undefined;
  #governor: Governor | undefined;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, validators, protocol, durationMs } = options;
    // Where configurations change, the weakest of them decides what can be borne.
    const faultModel = options.changes ? 'crash' : protocol.faultModel;
    const votesMax = faultsTolerated(validators, options.changes ? 'byzantine' : faultModel);
    const kinds = options.kinds ?? FAULT_KINDS;
    const nodes = validators + this.#spares;
    this.#plan = options.plan ?? drawPlan({ seed, validators: nodes, votesMax, faultModel, kinds, durationMs });
    this.#world = new World({
      seed,
      validators,
      spares: this.#spares,
      clients: CLIENTS,
      protocol,
      signatures: this.#signatures,
      isRecording: options.isRecording ?? false,
      liars: liarsIn(this.#plan),
    });
    const world = this.#world;
    this.#driver = new FaultDriver(
      {
        ...world,
        seed,
        // Those of a quorum may be all that are heard.
        wrongClocksMax: Math.floor(quorumSize(validators, protocol.faultModel) / 2),
        struck: world.forgetful,
        addTwin: (node) => world.addTwin(node),
        say: (from, to, packet) => world.say(from, to, packet),
      },
      this.#plan,
    );
  }

  run(): SimulationResult {
    const world = this.#world.start();
    this.#prepare();
    world.run(this.#options.durationMs);
    if (world.violations.length === 0) this.#recover();
    if (world.violations.length === 0) this.#checkEnd();
    this.#driver.finish();
    return this.#result();
  }

  /** Gives every client something to spend, then lets them begin. */
  #prepare(): void {
    const { admin, clients } = this.#world;
    const issue = clients.map(({ account }) => ({ kind: 'issue', asset: ASSET, to: account, amount: ISSUED }) as const);
    admin.submit([{ kind: 'define', asset: ASSET }, ...issue], () => undefined);
    for (const [i] of clients.entries()) this.#work(i);
    this.#readAlong();
    if (this.#options.changes) {
      const { model, ...world } = this.#world;
      const dice = new Dice(`governor ${this.#options.seed}`);
      this.#governor = new Governor({ ...world, signatures: this.#signatures, model: model.configurations, dice });
    }
  }

  get #signatures(): Signatures {
    return this.#options.seed % REAL_SIGNATURES_EVERY === 0 ? realSignatures : standInSignatures;
  }

  get #spares(): number {
    return this.#options.changes ? SPARES : 0;
  }

  /** One reader never rests: stale answers are to be had for a moment only, when leaders change. */
  #readAlong(): void {
    const { scheduler, reader } = this.#world;
    const dice = new Dice(`reader ${this.#options.seed}`);
    const again = (): void => {
      scheduler.after(dice.between(READER_MS_MIN, READER_MS_MAX), () => {
        if (this.#isLoading) reader.read(again);
      });
    };
    again();
  }

  #work(i: number): void {
    const world = this.#world;
    const client = world.clients[i];
    if (client === undefined) return;
    const dice = new Dice(`work ${this.#options.seed} ${i}`);
    const accounts = world.clients.map(({ account }) => account);
    const next = (): void => {
      this.#clientsBusy -= 1;
      begin();
    };
    const begin = (): void => {
      world.scheduler.after(dice.between(THINK_MS_MIN, THINK_MS_MAX), () => {
        if (!this.#isLoading) return;
        this.#clientsBusy += 1;
        if (dice.chance(READ_SHARE)) return client.read(next);
        const submit = (finished: () => void): void =>
          client.submit(drawRequests(dice, world.model, accounts, client.nextValue()), finished);
        const more = dice.chance(BURST_SHARE) ? dice.between(1, BURST_MAX) : 0;
        this.#clientsBusy += more;
        for (let extra = 1; extra <= more; extra++) {
          world.scheduler.after(extra * dice.between(1, BURST_GAP_MS_MAX), () =>
            submit(() => (this.#clientsBusy -= 1)),
          );
        }
        submit(next);
      });
    };
    begin();
  }

  /** Faults end: the cluster must commit, and everything become final and equal, in bounded time. */
  #recover(): void {
    const world = this.#world;
    this.#driver.heal();
    const healedAt = world.scheduler.now;
    const before = world.chain.finalHeight;
    const lacking = (): string | undefined => {
      if (world.chain.finalHeight === before) return 'nothing becomes final';
      if (this.#finalTransactions < COUNTED.transactions) return 'too few transactions become final';
      return this.#reads(healedAt) === 0 ? 'no read is answered' : undefined;
    };
    for (let lack = lacking(); world.violations.length === 0 && lack !== undefined; lack = lacking()) {
      if (world.scheduler.now - healedAt > LIVENESS_MS_MAX) return this.#stuck(lack);
      world.run(LOOK_MS);
    }
    this.#isLoading = false;
    this.#governor?.end();
    while (
      world.violations.length === 0 &&
      !(this.#clientsBusy === 0 && !this.#governor?.isBusy && this.#isConverged())
    ) {
      if (world.scheduler.now - healedAt > LIVENESS_MS_MAX) return this.#stuck('nodes differ');
      world.run(LOOK_MS);
    }
    if (world.violations.length > 0) return;
    this.#livenessMs = world.scheduler.now - healedAt;
    this.#checkService(healedAt);
  }

  /** Reads that were asked for since then, and answered. */
  #reads(since: number): number {
    const { reader, clients } = this.#world;
    return [reader, ...clients].reduce((sum, { history }) => sum + history.filter(isReadSince(since)).length, 0);
  }

  /** What clients are told of sound transactions: too late at most, and once all is well not even that they cannot know. */
  #checkService(healedAt: number): void {
    for (const { name, history } of this.#world.clients) {
      for (const operation of history) {
        if (operation.kind !== 'submit') continue;
        const { result, transaction, invokedAt } = operation;
        if (result.kind === 'refused' && result.code !== 'TRANSACTION_EXPIRED') {
          this.#world.report('nothing sound is refused', `${name} is told ${result.code} of ${transaction}`);
        }
        if (result.kind === 'unknown' && invokedAt > healedAt + SETTLING_MS) {
          this.#world.report('progress after the last fault', `${name} never hears what became of ${transaction}`);
        }
      }
    }
  }

  #stuck(what: string): void {
    const nodes = this.#world.nodes.map((node) => {
      const status = node.validator?.status();
      const conditions = status?.conditions.map(({ code }) => code).join(' ');
      return `${node.name} ${status?.mode ?? 'down'} ${status?.engine?.role ?? ''} height ${status?.durableHeight} final ${status?.finalHeight} pool ${status?.pool.transactions} ${conditions}`;
    });
    this.#world.report('progress after the last fault', `${what} after ${LIVENESS_MS_MAX} ms: ${nodes.join('; ')}`);
  }

  #isConverged(): boolean {
    const { honest, chain, operator, model } = this.#world;
    const seats = new Set(model.configurations.current.validators.map(({ name }) => `${name}`));
    return honest.every((node) => {
      if (operator.lost.has(node)) return true;
      const status = node.validator?.status();
      if (status === undefined) return false;
      if (status.pool.transactions > 0 && status.pool.transactions > this.#world.expiredIn(node)) return false;
      if (status.durableHeight !== chain.height || status.finalHeight !== chain.height) return false;
      // Nothing is left that an operator would have to look at, but for a vote that was lost.
      if (status.conditions.some((condition) => !this.#isExpected(condition, status))) return false;
      if (!seats.has(node.name)) return status.mode === 'observer' || status.mode === 'observer-only';
      return status.mode === 'validator' || (status.mode === 'observer-only' && this.#world.forgetful.has(node));
    });
  }

  /** A vote that was lost for good; what liars do, who may go on. */
  #isExpected({ code, nodes }: Condition, { observerOnly }: ValidatorStatus): boolean {
    const isOfLiars = nodes.length > 0 && nodes.every((name) => this.#world.liars.named(name) !== undefined);
    return code === observerOnly?.code || isOfLiars;
  }

  #checkEnd(): void {
    const world = this.#world;
    const histories = [world.admin, world.reader, ...world.clients].flatMap((client) => client.history);
    for (const { kind, text } of witnessFaults(histories, world.chain.transactions)) {
      world.report(`linearizable history: ${kind}`, text);
    }
    // A second opinion that asks neither the chain nor for heights.
    for (const { text } of registerFaults(histories, { writesOf: (id) => world.writesOf(id) })) {
      world.report('linearizable registers', text);
    }
    for (const [node, number] of world.noticing) {
      // What was said under one configuration binds nobody under the next.
      if (node.validator?.ledger.configuration.number !== number) continue;
      if (node.validator?.status().mode !== 'validator') continue;
      world.report('lost memory is noticed', `${node.name} votes, though its disk forgot what it had promised`);
    }
    checkEvidence(world);
    for (const node of world.honest) {
      world.chain.walk(node);
      this.#checkBalances(node);
    }
  }

  #checkBalances({ name, validator, isDamaged }: SimulatedNode): void {
    const { model, clients, report } = this.#world;
    if (validator === undefined) return;
    let sum = 0n;
    try {
      for (const { account } of clients) {
        const held = balanceIn(validator.ledger, ASSET, account as AccountId);
        sum += held;
        const expected = model.balances.get(account) ?? 0;
        if (held !== BigInt(expected)) report('balances', `${name}: ${account} holds ${held}, not ${expected}`);
      }
    } catch (error) {
      // A record that rotted and that nobody has read since: whoever reads it hears of it.
      if (error instanceof RecordDamaged && isDamaged) return;
      throw error;
    }
    if (sum !== BigInt(model.supply)) report('sums conserved', `${name}: ${sum}, the supply is ${model.supply}`);
  }

  get #finalTransactions(): number {
    const { chain } = this.#world;
    const { transactions, finalHeight } = chain;
    let count = transactions.length;
    while (count > 0 && (transactions[count - 1]?.position.height ?? 0) > finalHeight) count -= 1;
    return count;
  }

  #result(): SimulationResult {
    const { scheduler, violations, nodes, trace, packets, chain } = this.#world;
    const faults = Object.fromEntries(this.#driver.happened);
    const total = [...this.#driver.happened.values()].reduce((sum, count) => sum + count, 0);
    const transactions = this.#finalTransactions;
    const isHard =
      scheduler.now >= COUNTED.virtualMs &&
      transactions >= COUNTED.transactions &&
      total >= COUNTED.faults &&
      this.#driver.happened.size >= COUNTED.kinds &&
      this.#reads(0) >= COUNTED.reads;
    return {
      seed: this.#options.seed,
      traceHash: trace.hash(),
      violations,
      virtualMs: scheduler.now,
      transactions,
      height: chain.height,
      faults,
      ...(this.#livenessMs === undefined ? {} : { livenessMs: this.#livenessMs }),
      isCounted: isHard && this.#livenessMs !== undefined,
      steps: nodes.reduce((sum, node) => sum + node.steps, 0),
      packets,
      plan: this.#plan,
      events: trace.events,
    };
  }
}

function isReadSince(since: number): (operation: Operation) => boolean {
  return ({ kind, invokedAt }) => kind === 'read' && invokedAt >= since;
}
