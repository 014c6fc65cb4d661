import { parentPort } from 'node:worker_threads';
import { investigate } from './investigate.ts';
import type { SeedQuestion } from './seed-run.ts';

/** A thread that looks into one seed after another. */
parentPort?.on('message', ({ seed, options }: SeedQuestion) => parentPort?.postMessage(investigate(seed, options)));
