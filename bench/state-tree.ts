import { sha256 } from '@varve/crypto';
import { STATE_HISTORY_HEIGHTS, STATE_HISTORY_NODES_MAX } from '@varve/ledger/chain';
import { StateTree } from '@varve/merkle';
import { machineName } from '../apps/node/src/load/machine.ts';
import { median } from '../apps/node/src/load/statistics.ts';
import type { BenchOptions } from './options.ts';
import { inOwnProcess, ownCpuMicros } from './own-process.ts';

const KEYS = [100_000, 1_000_000] as const;
const CHANGES_PER_BLOCK = [100, 1_000] as const;
const MEASURED_BLOCKS = 300;
/** A way to collect the heap. */
const COLLECTION = ['--expose-gc'];
const MIB = 2 ** 20;

interface Shape {
  readonly keys: number;
  readonly changesPerBlock: number;
}

interface TreeReport extends Shape {
  /** Processor time of making the tree from all of its keys at once, microseconds for each. */
  readonly buildMicrosPerKey: number;
  /** Processor time of a block's batch, microseconds for each changed key; median of all blocks. */
  readonly updateMicrosPerKey: number;
  readonly proveMicros: number;
  readonly heightsKept: number;
  /** Of the newest version alone, and with all that are kept. */
  readonly treeMiB: number;
  readonly historyMiB: number;
  /** Memory beyond that of the process before the tree was made: arrays and heap in use, and all that is resident. */
  readonly usedMiB: number;
  readonly residentMiB: number;
}

/** What the state tree costs, in processor time and memory. */
export function measureStateTree({ json }: BenchOptions): void {
  const shapes = KEYS.flatMap((keys) => CHANGES_PER_BLOCK.map((changesPerBlock) => ({ keys, changesPerBlock })));
  const reports = shapes.map((shape) => {
    process.stderr.write(`${shape.keys} keys, ${shape.changesPerBlock} changed by each block\n`);
    return inOwnProcess<TreeReport>(
      import.meta.filename,
      [String(shape.keys), String(shape.changesPerBlock)],
      COLLECTION,
    );
  });
  if (json) console.log(JSON.stringify({ machine: machineName(), reports }, undefined, 2));
  else console.table(reports.map((report) => Object.fromEntries(Object.entries(report).map(rounded))));
}

function rounded([name, value]: [string, number]): [string, number] {
  return [name, Math.round(value * 10) / 10];
}

function measured(shape: Shape): TreeReport {
  const { keys, changesPerBlock } = shape;
  const before = memory();
  const tree = new StateTree();
  const buildStarted = ownCpuMicros();
  for (let key = 0; key < keys; key++) tree.stage(hashOf(key, 0), hashOf(key, 1));
  tree.commit(0);
  const buildMicrosPerKey = (ownCpuMicros() - buildStarted) / keys;
  const treeMiB = tree.allocatedBytes / MIB;
  const costs: number[] = [];
  for (let block = 1; block <= MEASURED_BLOCKS; block++) {
    const changes = changesOf(shape, block);
    const started = ownCpuMicros();
    tree.update(block, changes);
    while (isTooOld(tree)) tree.dropOldest();
    costs.push((ownCpuMicros() - started) / changesPerBlock);
  }
  const micros = { updateMicrosPerKey: median(costs), proveMicros: proveMicros(tree, keys) };
  const after = memory();
  return {
    ...shape,
    buildMicrosPerKey,
    ...micros,
    heightsKept: tree.newest - tree.oldest,
    treeMiB,
    historyMiB: tree.allocatedBytes / MIB - treeMiB,
    usedMiB: (after.used - before.used) / MIB,
    residentMiB: (after.resident - before.resident) / MIB,
  };
}

/** As a ledger judges it, where every block is final at once. */
function isTooOld({ newest, oldest, supersededCount }: StateTree): boolean {
  return newest - oldest > STATE_HISTORY_HEIGHTS || supersededCount > STATE_HISTORY_NODES_MAX;
}

/** Distinct keys, the same in every run. */
function changesOf({ keys, changesPerBlock }: Shape, block: number): { key: Uint8Array; value: Uint8Array }[] {
  const chosen = new Set<number>();
  for (let i = 0; chosen.size < changesPerBlock; i++) {
    const [a, b, c] = hashOf(block, 2 + i) as unknown as readonly [number, number, number];
    chosen.add((a * 65_536 + b * 256 + c) % keys);
  }
  return [...chosen].map((key) => ({ key: hashOf(key, 0), value: hashOf(key, block) }));
}

function proveMicros(tree: StateTree, keys: number): number {
  const count = 10_000;
  const started = ownCpuMicros();
  for (let i = 0; i < count; i++)
    tree.at(tree.newest - (i % STATE_HISTORY_HEIGHTS))?.prove(hashOf((i * 7919) % keys, 0));
  return (ownCpuMicros() - started) / count;
}

const numbers = new Uint32Array(2);
const numbersBytes = new Uint8Array(numbers.buffer);

function hashOf(a: number, b: number): Uint8Array {
  numbers[0] = a;
  numbers[1] = b;
  return sha256(numbersBytes);
}

/** Bytes, without what a collection of the heap gives back. */
function memory(): { readonly used: number; readonly resident: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { used: heapUsed + arrayBuffers, resident: rss };
}

if (process.argv[1] === import.meta.filename) {
  const [keys, changesPerBlock] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(measured({ keys: Number(keys), changesPerBlock: Number(changesPerBlock) })));
}
