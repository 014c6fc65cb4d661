import { type Configuration, PROTOCOL_NAMES, type ProtocolName, type ValidatorMember } from '@varve/consensus';
import { configurationHashOf, RULES_KNOWN } from '@varve/ledger';
import { readySignBytes } from '@varve/modules';
import type { CanonicalChain } from '../checks/canonical-chain.ts';
import type { Operator } from '../faults/operator.ts';
import type { Dice } from '../world/dice.ts';
import { type Key, realSignatures, type Signatures } from '../world/keys.ts';
import type { SimulatedNode } from '../world/node.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { SimulatedClient } from './client.ts';
import type { ConfigurationModel } from './configuration-model.ts';

/** Between two changes, milliseconds. */
const CHANGE_MS_MIN = 300;
const CHANGE_MS_MAX = 5000;
/** Sizes between which one fault is tolerated, by every protocol. */
export const SEATS_MIN = 4;
export const SEATS_MAX = 6;

/** What the changes act on. */
export interface GovernorParts {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly signatures: Signatures;
  readonly admin: SimulatedClient;
  readonly model: ConfigurationModel;
  readonly chain: CanonicalChain;
  readonly nodes: readonly SimulatedNode[];
  readonly operator: Operator;
  /** Nodes whose lost memory must show; not any more once a new key has their seat. */
  readonly noticing: Map<SimulatedNode, number>;
}

/** What is to be different, and who must say before that it is ready. */
interface Change {
  readonly configuration: Configuration;
  readonly seat?: ValidatorMember;
  readonly key?: Key;
  readonly rotated?: SimulatedNode;
}

/** Changes the configuration again and again: the protocol, who has a seat, and with which key. */
export class Governor {
  readonly #parts: GovernorParts;
  #rotations = 0;
  #isOver = false;
  /** Whether a change is under way. */
  isBusy = false;

  constructor(parts: GovernorParts) {
    this.#parts = parts;
    this.#later();
  }

  /** No new changes. */
  end(): void {
    this.#isOver = true;
  }

  #later(): void {
    const { scheduler, dice } = this.#parts;
    this.isBusy = false;
    scheduler.after(dice.between(CHANGE_MS_MIN, CHANGE_MS_MAX), () => {
      if (!this.#isOver) this.#begin();
    });
  }

  #begin(): void {
    const { admin, chain } = this.#parts;
    const change = this.#draw();
    if (change === undefined) return this.#later();
    this.isBusy = true;
    const { seat, key } = change;
    if (seat === undefined || key === undefined) return this.#propose(change);
    const height = chain.finalHeight;
    const blockHash = chain.hashAt(height);
    if (blockHash === undefined) return this.#later();
    const signed = readySignBytes({ chainId: admin.chainId, validator: seat, rules: RULES_KNOWN, height, blockHash });
    admin.submit([{ kind: 'ready', seat, proof: { height, blockHash, signature: key.sign(signed) } }], () =>
      this.#propose(change),
    );
  }

  #propose({ configuration, rotated }: Change): void {
    const { admin, model, noticing } = this.#parts;
    admin.submit([{ kind: 'propose', configuration }], () => {
      if (rotated && configurationHashOf(model.current) === configurationHashOf(configuration))
        noticing.delete(rotated);
      this.#later();
    });
  }

  #draw(): Change | undefined {
    const { dice, model } = this.#parts;
    const { current } = model;
    const { validators } = current;
    const next = (changed: Partial<Configuration>): Configuration => ({
      ...current,
      ...changed,
      number: current.number + 1,
      parentHash: configurationHashOf(current),
    });
    const others = PROTOCOL_NAMES.filter((protocol) => protocol !== current.protocol);
    const switched = (): ProtocolName => (dice.chance(0.85) ? dice.pick(others) : current.protocol);
    const spare = dice.chance(0.7) ? this.#spare(validators) : undefined;
    if (spare && (validators.length === SEATS_MIN || dice.chance(0.6))) {
      const leaving = validators.length === SEATS_MAX || dice.chance(0.4) ? dice.pick(validators) : undefined;
      const seats = [...validators.filter((seat) => seat !== leaving), spare.seat].sort(byName);
      return { ...spare, configuration: next({ validators: seats, protocol: switched() }) };
    }
    if (dice.chance(0.2) && validators.length > SEATS_MIN) {
      const leaving = dice.pick(validators);
      return { configuration: next({ validators: validators.filter((seat) => seat !== leaving) }) };
    }
    if (dice.chance(0.25)) return this.#rotation(validators, (seats) => next({ validators: seats }));
    return { configuration: next({ protocol: switched() }) };
  }

  /** A node that never had a seat. */
  #spare(validators: readonly ValidatorMember[]): { readonly seat: ValidatorMember; readonly key: Key } | undefined {
    const { nodes, model } = this.#parts;
    const node = nodes.find(({ name }) => !model.names.has(name) && !validators.some((seat) => seat.name === name));
    return node && { seat: this.#seat(node, `signing ${node.name}`), key: realSignatures.key(`signing ${node.name}`) };
  }

  /** The same seat with another key, mostly where the old one must not vote any more. */
  #rotation(
    validators: readonly ValidatorMember[],
    next: (seats: readonly ValidatorMember[]) => Configuration,
  ): Change | undefined {
    const { nodes, dice, signatures, operator, noticing } = this.#parts;
    const seated = nodes.filter(({ name }) => validators.some((seat) => seat.name === name));
    const ill = seated.filter((node) => noticing.has(node));
    const node = ill.length > 0 ? dice.pick(ill) : dice.pick(seated);
    this.#rotations += 1;
    const label = `signing ${node.name} ${this.#rotations}`;
    // The operator gives the node its new key, and starts it again.
    node.addSigningKey(signatures.key(label));
    if (node.isUp) {
      node.crash(false);
      operator.start(node, 50);
    }
    const seat = this.#seat(node, label);
    const configuration = next(validators.map((one) => (one.name === seat.name ? seat : one)));
    return { configuration, seat, key: realSignatures.key(label), rotated: node };
  }

  #seat(node: SimulatedNode, label: string): ValidatorMember {
    const { signatures } = this.#parts;
    const name = node.name as ValidatorMember['name'];
    return { name, organization: 'org1', signingKey: signatures.key(label).hex, networkKey: node.networkKey };
  }
}

function byName(a: ValidatorMember, b: ValidatorMember): number {
  return a.name < b.name ? -1 : 1;
}
