import { parentPort, workerData } from 'node:worker_threads';
import { BatchVerifier } from '@varve/crypto/batch';
import { judge } from './judge.ts';
import { unpackItems } from './packed-items.ts';

/** What a thread that judges signatures is started with. */
export interface SignatureWorkerData {
  /** Whether many are judged at once. */
  readonly isBatch: boolean;
}

/** Verdicts on what was packed, 1 for good ones. */
export interface SignatureAnswer {
  readonly verdicts: Uint8Array;
  readonly micros: number;
}

/** A thread that judges signatures, for a process that has others to do. */
if (parentPort) {
  const { isBatch } = workerData as SignatureWorkerData;
  const batch = isBatch ? await BatchVerifier.create() : undefined;
  parentPort.on('message', (packed: Uint8Array) => {
    const from = performance.now();
    const verdicts = Uint8Array.from(judge(batch, unpackItems(packed)), Number);
    const answer: SignatureAnswer = { verdicts, micros: (performance.now() - from) * 1000 };
    parentPort?.postMessage(answer);
  });
}
