import { fromHex } from '@varve/encoding';
import { StateTree } from '@varve/merkle';
import type { Genesis } from './genesis.ts';
import { chainIdOf, encodeGenesis, genesisBlock } from './genesis.ts';
import type { SealedHeader } from './header.ts';
import { INDEX_KEY } from './index-page.ts';
import type { Module, StateEntry } from './module.ts';
import { encodeTip, headerKey, heightOfKey, metaKey, stateKey, TIP_KEY } from './records.ts';
import { encodeStateEntry, stateTreeKey, stateTreeValue } from './state.ts';
import { checksummed, type StoreOperation } from './store.ts';
import { encodeProgress, INDEX_BEGIN } from './transaction-index.ts';

/** A value that stands in the state of block 0. */
export interface GenesisEntry {
  readonly module: string;
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A module that puts something of the genesis document into the first state. */
export interface GenesisModule extends Module {
  genesis?(genesis: Genesis): readonly GenesisEntry[];
}

/**
 * The version of the stored records. A store of version 1, which had a record for the place of each transaction, is made
 * one of version 2 when it is opened; any other is refused.
 */
export const STORE_FORMAT = 2;

/** The first state of a chain: what the modules make of the genesis document. */
export function genesisState(genesis: Genesis, modules: Iterable<GenesisModule>): GenesisEntry[] {
  return [...modules].flatMap((module) => [...(module.genesis?.(genesis) ?? [])]);
}

/** Block 0 of `genesis` under `modules`. */
export function firstBlock(genesis: Genesis, modules: Iterable<GenesisModule>): SealedHeader {
  const leaves = genesisState(genesis, modules).map((entry) => ({
    key: stateTreeKey(entry.module, entry.key),
    value: stateTreeValue(initialEntry(entry)),
  }));
  return genesisBlock(genesis, new StateTree().update(0, leaves).root);
}

/** The value of a genesis entry: version 0, of height 0. */
export function initialEntry(entry: GenesisEntry): StateEntry {
  return { version: 0, modifiedHeight: 0, bytes: entry.bytes };
}

/**
 * Everything a new store begins with, as one atomic batch.
 * @param identity - Names whose store this is; `Ledger.open` hands it back.
 */
export function initialRecords(
  genesis: Genesis,
  modules: Iterable<GenesisModule>,
  identity: Uint8Array,
): StoreOperation[] {
  const list = [...modules];
  const block = firstBlock(genesis, list);
  const records: [Uint8Array, Uint8Array][] = [
    [metaKey('format'), Uint8Array.of(STORE_FORMAT)],
    [metaKey('chain'), fromHex(chainIdOf(genesis))],
    [metaKey('genesis'), encodeGenesis(genesis)],
    [metaKey('identity'), identity],
    [headerKey(0), block.bytes],
    [heightOfKey(block.hash), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0)],
    [INDEX_KEY, encodeProgress(INDEX_BEGIN)],
    [TIP_KEY, encodeTip({ height: 0, blockHash: fromHex(block.hash), finalHeight: 0, applied: 0 })],
    ...genesisState(genesis, list).map((entry): [Uint8Array, Uint8Array] => [
      stateKey(entry.module, entry.key),
      encodeStateEntry(initialEntry(entry)),
    ]),
  ];
  return records.map(([key, body]) => ({ key, value: checksummed(key, body) }));
}
