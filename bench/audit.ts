import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { VerdictPool } from '../apps/node/src/audit/verdict-pool.ts';
import { machineName } from '../apps/node/src/load/machine.ts';
import { median } from '../apps/node/src/load/statistics.ts';
import { auditDirectories, temporaryDirectory, WrittenChain } from '../apps/node/test/audit/level-chain.ts';
import { create, genesis, signed } from '../packages/audit/test/planted-chain.ts';
import type { BenchOptions } from './options.ts';
import { ownCpuMicros } from './own-process.ts';

/** A chain of 51,200 transactions: 512 blocks of 100 each, every block certified by three of five. */
const BLOCKS = 512;
const TRANSACTIONS_PER_BLOCK = 100;
/** Bytes of each value, so that a transaction has about 300. */
const VALUE = 'x'.repeat(100);

/** How many transactions a second a copy of a ledger is audited with. */
export async function measureAudit({ runs, json }: BenchOptions): Promise<void> {
  const folder = temporaryDirectory();
  try {
    process.stderr.write(`making ${BLOCKS * TRANSACTIONS_PER_BLOCK} transactions\n`);
    const directory = join(folder.path, 'copy');
    mkdirSync(directory);
    await grown().writeTo(directory);
    const perSecond: number[] = [];
    const cpuMicros: number[] = [];
    for (let run = 1; run <= runs; run++) {
      const before = ownCpuMicros();
      const pool = new VerdictPool();
      const report = await auditDirectories(pool, genesis, directory);
      await pool.close();
      if (!report.clean) throw new Error(`the audit found ${JSON.stringify(report.copies[0]?.findings[0])}`);
      cpuMicros.push((ownCpuMicros() - before) / (BLOCKS * TRANSACTIONS_PER_BLOCK));
      perSecond.push(report.transactionsPerSecond);
      process.stderr.write(
        `run ${run} of ${runs}: ${perSecond.at(-1)} transactions a second, ${cpuMicros.at(-1)?.toFixed(0)} µs of processor time each\n`,
      );
    }
    const transactions = BLOCKS * TRANSACTIONS_PER_BLOCK;
    const result = {
      machine: machineName(),
      threads: availableParallelism(),
      blocks: BLOCKS,
      transactions,
      runs,
      transactionsPerSecond: median(perSecond),
      cpuMicros: median(cpuMicros),
    };
    if (json) console.log(JSON.stringify(result, undefined, 2));
    else
      console.log(
        `${transactions} transactions in ${BLOCKS} certified blocks, ${result.threads} threads of signatures: ${result.transactionsPerSecond} transactions audited a second, ${result.cpuMicros.toFixed(0)} µs of processor time each (medians of ${runs} runs)`,
      );
  } finally {
    folder.remove();
  }
}

function grown(): WrittenChain {
  const chain = new WrittenChain();
  for (let block = 0; block < BLOCKS; block++) {
    const time = chain.ledger.tip.header.time;
    const paths = Array.from({ length: TRANSACTIONS_PER_BLOCK }, (_, i) => `/${block}-${i}`);
    chain.add(paths.map((path) => signed([create(path, VALUE)], time)));
  }
  return chain;
}
