import type { BlockSummary, Client } from '@varve/client';
import { expect } from 'vitest';
import { eventually } from './devnet.ts';

/** Where a node says a transaction stands: `height/index`, once for each place. */
export type Places = ReadonlyMap<string, readonly string[]>;

/** A chain as one node serves it. */
export interface ServedChain {
  /** By height, from 0. */
  readonly hashes: readonly string[];
  readonly places: Places;
}

/** Headers from genesis to the node's tip, oldest first, each linked to the one before. */
async function headersOf(client: Client): Promise<readonly BlockSummary[]> {
  const found: BlockSummary[] = [];
  let before: number | undefined;
  do {
    const page = await client.blockPage({ limit: 100, ...(before !== undefined && { before }) });
    found.push(...page.blocks);
    before = page.next ?? undefined;
  } while (before !== undefined);
  const ascending = found.reverse();
  ascending.forEach(({ header }, height) => {
    expect(header.height).toBe(height);
    if (height > 0) expect(header.parentHash).toBe(ascending[height - 1]?.hash);
  });
  return ascending;
}

/** Reads everything a node has, through its HTTP API. */
export async function readChain(client: Client): Promise<ServedChain> {
  const headers = await headersOf(client);
  const places = new Map<string, string[]>();
  for (const { hash, header } of headers) {
    if (header.transactionCount === 0) continue;
    const block = await client.block(header.height);
    expect(block.hash).toBe(hash);
    expect(block.transactions).toHaveLength(header.transactionCount);
    for (const { transactionId, index } of block.transactions)
      places.set(transactionId, [...(places.get(transactionId) ?? []), `${header.height}/${index}`]);
  }
  return { hashes: headers.map(({ hash }) => hash), places };
}

/** Waits until all nodes hold the same final tip, and resolves with its height. */
export async function agreement(clients: readonly Client[], msMax = 60_000): Promise<number> {
  let height = 0;
  let seen = '';
  await eventually(
    'the nodes agree',
    async () => {
      const all = await Promise.all(clients.map((client) => client.status()));
      seen = all.map((one) => `${one.name ?? 'observer'} ${one.height}/${one.finalHeight} ${one.blockHash}`).join(', ');
      height = all[0]?.height ?? 0;
      return all.every((one) => one.height === one.finalHeight && one.blockHash === all[0]?.blockHash);
    },
    msMax,
  ).catch((error: unknown) => {
    throw new Error(`${seen || 'no answers'}`, { cause: error });
  });
  return height;
}

/** One chain stands on all nodes, with everything that was acknowledged, each once. */
export async function expectOneChain(
  clients: readonly Client[],
  acknowledged: ReadonlyMap<string, string> = new Map(),
): Promise<ServedChain> {
  const chains: ServedChain[] = [];
  let height: number;
  do {
    // What a client gave up may still be ordered, between the reading of one chain and of the next.
    height = await agreement(clients);
    chains.length = 0;
    for (const client of clients) chains.push(await readChain(client));
  } while (chains.some(({ hashes }) => hashes.length !== height + 1));
  const first = chains[0] as ServedChain;
  for (const { hashes, places } of chains) {
    expect(hashes).toEqual(first.hashes);
    expect([...places]).toEqual([...first.places]);
    expect([...places.values()].filter((all) => all.length !== 1)).toEqual([]);
    const wrong = [...acknowledged].filter(([id, place]) => places.get(id)?.[0] !== place);
    expect(wrong, 'acknowledged, but missing or elsewhere').toEqual([]);
  }
  return first;
}

/** A place as it was acknowledged. */
export function placeOf({ height, index }: { readonly height: number | null; readonly index: number | null }): string {
  return `${height}/${index}`;
}
