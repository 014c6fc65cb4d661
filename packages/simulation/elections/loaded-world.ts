import { ENGINE_TIMING_DEFAULT, type ProtocolName, type Status } from '@varve/consensus';
import { headerAt } from '@varve/ledger/chain';
import { simulatedProtocol } from '../src/runner/protocols.ts';
import { Dice } from '../src/world/dice.ts';
import { standInSignatures } from '../src/world/keys.ts';
import type { LinkRule } from '../src/world/network.ts';
import type { SimulatedNode } from '../src/world/node.ts';
import { World } from '../src/world/world.ts';

/** The election timeout T, milliseconds. */
export const ELECTION_MS: number = ENGINE_TIMING_DEFAULT.electionMs;
/** Between two transactions, milliseconds. */
const THINK_MS_MIN = 20;
const THINK_MS_MAX = 60;
/** Load lasts at least this long before anything happens, and at most so much longer; milliseconds. */
const WARM_MS = 800;
const WARM_MS_MORE = 1000;

/** A world in which a client submits all the time, at any node that is up. */
export class LoadedWorld {
  readonly world: World;
  readonly dice: Dice;
  #made = 0;

  constructor(validators: number, seed: number, purpose: string, name: ProtocolName = 'raft') {
    this.dice = new Dice(`${purpose} ${validators} ${seed}`);
    const protocol = simulatedProtocol(name);
    this.world = new World({
      seed,
      validators,
      clients: 1,
      protocol,
      signatures: standInSignatures,
      isRecording: false,
    }).start();
    this.#load();
    this.world.run(WARM_MS + this.dice.between(0, WARM_MS_MORE));
    const followers = this.world.nodes.filter((node) => engineOf(node)?.leader !== undefined);
    const isLed = protocol.faultModel === 'byzantine' || followers.length === validators;
    if (this.world.chain.finalHeight === 0 || !isLed) {
      throw new Error(`seed ${seed} of ${validators} validators does not begin`);
    }
  }

  /** Whoever leads the latest term. */
  get leader(): SimulatedNode | undefined {
    const leaders = this.world.nodes.filter((node) => engineOf(node)?.role === 'leader');
    return leaders.sort((a, b) => termOf(b) - termOf(a))[0];
  }

  /** Disturbs links from now on; a rule is taken back by the returned function. */
  block(covers: LinkRule['covers']): () => void {
    const rule: LinkRule = { blocked: true, covers, hits: 0 };
    this.world.network.rules.add(rule);
    return () => this.world.network.rules.delete(rule);
  }

  /** Runs until `isSo`, which is asked after each event. Returns how long it took, `Infinity` beyond `msMax`. */
  timeUntil(msMax: number, isSo: () => boolean): number {
    const { scheduler } = this.world;
    const began = scheduler.now;
    let isReached = false;
    this.world.run(msMax, () => {
      isReached = isSo();
      return isReached;
    });
    this.demandOrder();
    return isReached ? scheduler.now - began : Number.POSITIVE_INFINITY;
  }

  /** The term of the highest block that is durable somewhere. */
  get committedTerm(): number {
    const { nodes, chain } = this.world;
    for (const { validator } of nodes) {
      if (validator === undefined || validator.ledger.tip.header.height < chain.height) continue;
      return headerAt(validator.ledger, chain.height)?.header.epoch.number ?? 0;
    }
    return 0;
  }

  /** @throws where a check of the world failed. */
  demandOrder(): void {
    const [violation] = this.world.violations;
    if (violation) throw new Error(`${violation.check}: ${violation.text} at ${violation.at} ms`);
  }

  #load(): void {
    const { world, dice } = this;
    world.scheduler.after(dice.between(THINK_MS_MIN, THINK_MS_MAX), () => {
      const up = world.nodes.filter((node) => node.isUp);
      const path = `/l${++this.#made}`;
      const transaction = world.clients[0]?.make([{ kind: 'create', path, value: path }]);
      if (transaction && up.length > 0) {
        dice.pick(up).call(
          (request) => ({ kind: 'submit', request, transactions: [transaction.bytes] }),
          () => undefined,
        );
      }
      this.#load();
    });
  }
}

export function engineOf(node: SimulatedNode): Status | undefined {
  return node.validator?.status().engine;
}

export function termOf(node: SimulatedNode): number {
  return engineOf(node)?.epoch.number ?? 0;
}
