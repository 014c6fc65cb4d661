import { describeOperation, describePosition, describeValue } from './describe.ts';
import type { HistoryFault, Operation, SubmitOperation, WitnessTransaction } from './history.ts';
import { comparePositions } from './position.ts';
import { orderFaults } from './real-time-order.ts';

type Places = ReadonlyMap<string, WitnessTransaction>;

/**
 * Whether what clients saw is what the chain did, with the chain's own order as the witness of a linearization. Strict
 * serializability then needs no search: the answers must follow from that order, and the order must respect real time.
 * Sound and complete for operations that name their place, which every acknowledgement and every read with a height
 * does; reads without a height are for `registerFaults`. O(n log n) for n operations and transactions.
 * @param operations - In any order. Several submits of one transaction are tries of the same operation.
 * @param chain - Every transaction since the genesis, whoever submitted it, in the order of the chain.
 * @returns Every fault found; empty when the history is linearizable.
 * @see Herlihy & Wing 1990, Linearizability; Papadimitriou 1979 for strict serializability.
 */
export function witnessFaults(operations: readonly Operation[], chain: readonly WitnessTransaction[]): HistoryFault[] {
  const places = placesOf(chain);
  return [
    ...chainFaults(chain, places),
    ...answerFaults(operations, places),
    ...readFaults(operations, chain),
    ...orderFaults(operations, places),
  ];
}

/** Where each transaction stands; the first place of one that is repeated. */
function placesOf(chain: readonly WitnessTransaction[]): Places {
  const places = new Map<string, WitnessTransaction>();
  for (const entry of chain) if (!places.has(entry.transaction)) places.set(entry.transaction, entry);
  return places;
}

/** Positions in strictly ascending order; no transaction twice. */
function chainFaults(chain: readonly WitnessTransaction[], places: Places): HistoryFault[] {
  const faults: HistoryFault[] = [];
  let previous: WitnessTransaction | undefined;
  for (const entry of chain) {
    const { transaction, position } = entry;
    if (previous !== undefined && comparePositions(previous.position, position) >= 0) {
      const text = `chain: ${transaction} at ${describePosition(position)} follows ${previous.transaction} at ${describePosition(previous.position)}`;
      faults.push({ kind: 'misplaced', text });
    }
    const first = places.get(transaction);
    if (first !== undefined && first !== entry) {
      const text = `chain: ${transaction} at ${describePosition(first.position)} and again at ${describePosition(position)}`;
      faults.push({ kind: 'repeated', text });
    }
    previous = entry;
  }
  return faults;
}

function answerFaults(operations: readonly Operation[], places: Places): HistoryFault[] {
  return operations.flatMap((operation) =>
    operation.kind === 'submit' ? submitFaults(operation, places.get(operation.transaction)) : [],
  );
}

function submitFaults(operation: SubmitOperation, place: WitnessTransaction | undefined): HistoryFault[] {
  const { result } = operation;
  const name = describeOperation(operation);
  switch (result.kind) {
    case 'unknown':
      return [];
    case 'refused': {
      if (place === undefined) return [];
      const text = `${name} was refused with ${result.code}, yet stands at ${describePosition(place.position)}`;
      return [{ kind: 'refused-but-executed', text }];
    }
    case 'acknowledged': {
      const said = `${name} was acknowledged at ${describePosition(result.position)}`;
      if (place === undefined) return [{ kind: 'lost', text: `${said}, yet stands nowhere in the chain` }];
      if (comparePositions(place.position, result.position) !== 0) {
        return [{ kind: 'misplaced', text: `${said}, yet stands at ${describePosition(place.position)}` }];
      }
      if (place.outcome === result.outcome) return [];
      const text = `${said} with outcome ${result.outcome}, yet the chain has ${place.outcome}`;
      return [{ kind: 'wrong-outcome', text }];
    }
  }
}

/** Every read with a height returns what the chain holds for its key after that height. */
function readFaults(operations: readonly Operation[], chain: readonly WitnessTransaction[]): HistoryFault[] {
  const versions = versionsOf(chain);
  return operations.flatMap((operation): HistoryFault[] => {
    if (operation.kind !== 'read' || operation.height === undefined) return [];
    const version = versionAt(versions.get(operation.key) ?? [], operation.height);
    if (operation.value === (version?.value ?? null)) return [];
    const since = version === undefined ? 'never written' : `by ${version.transaction} at height ${version.height}`;
    const held = `${describeValue(version?.value ?? null)} (${since})`;
    const text = `${describeOperation(operation)} returned ${describeValue(operation.value)} at height ${operation.height}, where the chain has ${held}`;
    return [{ kind: 'wrong-read', text }];
  });
}

/** A key's value from a height on. */
interface Version {
  readonly height: number;
  readonly value: string | null;
  readonly transaction: string;
}

/** Per key, in the order of the chain. */
function versionsOf(chain: readonly WitnessTransaction[]): Map<string, Version[]> {
  const versions = new Map<string, Version[]>();
  for (const { position, transaction, writes } of chain) {
    for (const { key, value } of writes) {
      const version = { height: position.height, value, transaction };
      const known = versions.get(key);
      if (known === undefined) versions.set(key, [version]);
      else known.push(version);
    }
  }
  return versions;
}

/** The last version of a height of at most `height`: O(log n). */
function versionAt(versions: readonly Version[], height: number): Version | undefined {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle]?.height ?? 0) <= height) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
}
