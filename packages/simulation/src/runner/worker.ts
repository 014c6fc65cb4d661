import { parentPort } from 'node:worker_threads';
import { runSeed } from './run-seed.ts';
import type { SeedQuestion } from './seed-run.ts';

/** A thread that runs one seed after another. */
parentPort?.on('message', ({ seed, options }: SeedQuestion) => parentPort?.postMessage(runSeed(seed, options)));
