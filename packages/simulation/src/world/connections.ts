import type { Dice } from './dice.ts';
import type { SimulatedNetwork } from './network.ts';
import type { EndReason, SimulatedNode } from './node.ts';
import type { Scheduler } from './scheduler.ts';

/** How often a node tries to reach the peers it has no connection to, milliseconds. */
const REDIAL_MS = 250;
/** When peers notice that a process is gone: its machine says so; or nobody does, after a power cut. */
const RESET_MS_MAX = 30;
const SILENCE_MS_MAX = 3000;

/** Who is connected with whom: made when both are up and reach each other, lost when one ends or hears nothing. */
export class Connections {
  readonly #nodes: readonly SimulatedNode[];
  readonly #scheduler: Scheduler;
  readonly #network: SimulatedNetwork;
  readonly #dice: Dice;
  readonly #open = new Set<number>();

  constructor(nodes: readonly SimulatedNode[], scheduler: Scheduler, network: SimulatedNetwork, dice: Dice) {
    this.#nodes = nodes;
    this.#scheduler = scheduler;
    this.#network = network;
    this.#dice = dice;
    this.#redial();
  }

  isOpen(a: SimulatedNode, b: SimulatedNode): boolean {
    return this.#open.has(pair(a, b));
  }

  /** The process of `node` is gone; its peers notice sooner or later. */
  ended(node: SimulatedNode, reason: EndReason): void {
    const isSilent = reason.kind === 'crash' && reason.power;
    for (const peer of this.#nodes) {
      if (!this.#open.delete(pair(node, peer))) continue;
      const { run } = peer;
      this.#scheduler.after(this.#dice.between(1, isSilent ? SILENCE_MS_MAX : RESET_MS_MAX), () => {
        if (peer.run === run && !this.isOpen(node, peer)) this.#lost(peer, node);
      });
    }
  }

  /** Ends connections that carry nothing any more, as a transport does after a while of silence. */
  dropBlocked(): void {
    for (const a of this.#nodes) {
      for (const b of this.#nodes) {
        if (a.index >= b.index || !this.isOpen(a, b) || this.#reaches(a, b)) continue;
        this.cut(a, b);
      }
    }
  }

  /** Ends a connection; both ends hear of it. */
  cut(a: SimulatedNode, b: SimulatedNode): void {
    if (!this.#open.delete(pair(a, b))) return;
    this.#lost(a, b);
    this.#lost(b, a);
  }

  #redial(): void {
    this.#scheduler.after(REDIAL_MS, () => this.#redial());
    for (const a of this.#nodes) {
      for (const b of this.#nodes) {
        if (a.index >= b.index || !a.isUp || !b.isUp || this.isOpen(a, b) || !this.#reaches(a, b)) continue;
        // Nobody connects to his own key.
        if (a.networkKey === b.networkKey) continue;
        this.#open.add(pair(a, b));
        tell(a, b, true);
        tell(b, a, true);
      }
    }
  }

  /** A peer is gone with the last connection to its key. */
  #lost(node: SimulatedNode, peer: SimulatedNode): void {
    const isTwinOpen = this.#nodes.some((other) => other.networkKey === peer.networkKey && this.isOpen(node, other));
    if (!isTwinOpen) tell(node, peer, false);
  }

  #reaches(a: SimulatedNode, b: SimulatedNode): boolean {
    return this.#network.isOpen(a.index, b.index) && this.#network.isOpen(b.index, a.index);
  }
}

function pair(a: SimulatedNode, b: SimulatedNode): number {
  return Math.min(a.index, b.index) * 1024 + Math.max(a.index, b.index);
}

function tell(node: SimulatedNode, peer: SimulatedNode, up: boolean): void {
  node.deliver({ kind: 'link', peer: peer.networkKey, up });
}
