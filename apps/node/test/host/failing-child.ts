import { parentPort, workerData } from 'node:worker_threads';

const { end } = workerData as { readonly end: string };

/** A thread that ends at the first question. */
parentPort?.on('message', () => {
  if (end === 'exit') process.exit(0);
  throw end === 'throw' ? new Error('broken') : null;
});
