import type { Genesis } from '@varve/ledger';
import type { Fault, FaultKind } from '../faults/fault.ts';
import type { Operator } from '../faults/operator.ts';
import type { Connections } from '../world/connections.ts';
import { Dice } from '../world/dice.ts';
import type { LinkRule, SimulatedNetwork } from '../world/network.ts';
import type { SimulatedNode } from '../world/node.ts';
import type { Scheduler } from '../world/scheduler.ts';
import { Equivocate } from './equivocate.ts';
import { Flood } from './flood.ts';
import { Forge } from './forge.ts';
import { Garbage } from './garbage.ts';
import type { Liar } from './liar.ts';
import type { Liars } from './liars.ts';
import { LyingSync } from './lying-sync.ts';
import { OddSeal } from './odd-seal.ts';
import type { Trick } from './trick.ts';
import { Withhold } from './withhold.ts';

/** How often a liar gets to say something unasked, milliseconds. */
const SPEAK_MS = 25;
/** How long a liar that forgets is down, milliseconds. */
const AMNESIA_MS_MAX = 300;

/** What lies act on. */
export interface StrikeParts {
  readonly scheduler: Scheduler;
  readonly network: SimulatedNetwork;
  readonly connections: Connections;
  readonly operator: Operator;
  readonly nodes: readonly SimulatedNode[];
  readonly genesis: Genesis;
  readonly liars: Liars;
  addTwin(node: SimulatedNode): SimulatedNode;
  /** Sends a packet as it is. */
  say(from: SimulatedNode, to: SimulatedNode, packet: Uint8Array): void;
}

/** What a strike tells whoever ordered it. */
export interface StrikeEvents {
  count(kind: FaultKind): void;
  /** Runs `end` when the fault is over. */
  until(end: () => void): void;
}

/** Makes a validator lie in one way. */
export function strikeLiar(parts: StrikeParts, fault: Fault, node: SimulatedNode, events: StrikeEvents): void {
  const liar = parts.liars.named(node.name);
  if (liar === undefined) return;
  const dice = new Dice(`lie ${fault.kind} ${fault.amount} ${node.index}`);
  if (fault.kind === 'twins') return addTwin(parts, node, new Dice(`twins ${fault.amount}`), events);
  if (fault.kind === 'amnesia') return forget(parts, node, dice, events);
  const trick = trickOf(parts, fault.kind, node, liar, dice);
  if (trick === undefined) return;
  liar.tricks.add(trick);
  const speak = (): void => {
    if (!liar.tricks.has(trick)) return;
    if (trick.speak && node.isUp) {
      for (const to of honestPeers(parts, node)) {
        for (const packet of trick.speak(to.networkKey)) parts.say(node, to, packet);
      }
    }
    parts.scheduler.after(SPEAK_MS, speak);
  };
  if (trick.speak) speak();
  events.until(() => {
    liar.tricks.delete(trick);
    if (trick.hits > 0) events.count(fault.kind);
  });
}

function trickOf(parts: StrikeParts, kind: FaultKind, node: SimulatedNode, liar: Liar, dice: Dice): Trick | undefined {
  switch (kind) {
    case 'equivocate':
      return new Equivocate(liar, dice);
    case 'withhold':
      return new Withhold(
        honestPeers(parts, node).map(({ networkKey }) => networkKey),
        dice,
      );
    case 'forge':
      return new Forge(liar, parts.genesis, dice);
    case 'garbage':
      return new Garbage(liar, dice);
    case 'flood':
      return new Flood(liar, dice);
    case 'lying-sync':
      return new LyingSync(liar, dice);
    case 'odd-seal':
      return new OddSeal(liar, parts.genesis, dice);
    default:
      return undefined;
  }
}

function honestPeers({ nodes, liars }: StrikeParts, node: SimulatedNode): readonly SimulatedNode[] {
  return nodes.filter((peer) => peer !== node && liars.named(peer.name) === undefined);
}

/**
 * A second process with the same key and memory; each other node hears only one of the two. Liars whose twins come at
 * once share the two worlds: twins hear twins.
 * @param dice - The same for all of them.
 */
function addTwin(parts: StrikeParts, node: SimulatedNode, dice: Dice, { count, until }: StrikeEvents): void {
  const { network, connections, operator, genesis } = parts;
  const honest = honestPeers(parts, node);
  const hearTwin = new Set(
    dice.sample(honest, dice.between(1, Math.max(1, honest.length - 1))).map(({ index }) => index),
  );
  const twin = parts.addTwin(node);
  const isWithTwins = (index: number): boolean =>
    hearTwin.has(index) || index >= genesis.configuration.validators.length;
  const isApart = (a: number, b: number): boolean =>
    (a === twin.index && !isWithTwins(b)) || (a === node.index && isWithTwins(b));
  const rule: LinkRule = { blocked: true, covers: (a, b) => isApart(a, b) || isApart(b, a), hits: 0 };
  network.rules.add(rule);
  connections.dropBlocked();
  operator.start(twin, 1);
  count('twins');
  until(() => {
    twin.crash(false);
    operator.lost.add(twin);
    network.rules.delete(rule);
  });
}

/** Starts again at once, and knows nothing of what it said. */
function forget(parts: StrikeParts, node: SimulatedNode, dice: Dice, { count, until }: StrikeEvents): void {
  const { liars, operator } = parts;
  const before = liars.forgot.get(node.name) ?? 0;
  liars.forgetful.add(node.name);
  node.crash(false);
  operator.start(node, dice.between(1, AMNESIA_MS_MAX));
  until(() => {
    liars.forgetful.delete(node.name);
    if ((liars.forgot.get(node.name) ?? 0) > before) count('amnesia');
  });
}
