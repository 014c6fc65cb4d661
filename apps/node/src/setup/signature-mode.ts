import { availableParallelism } from 'node:os';

/** Ways to judge signatures: many at once, or one by one. The verdicts are the same. */
export const SIGNATURE_MODES = ['batch', 'single'] as const;
export type SignatureMode = (typeof SIGNATURE_MODES)[number];

/** Where signatures are judged: on a thread of their own, on the one that does everything else, or as the machine suggests. */
export const SIGNATURE_THREADS = ['auto', 'own', 'main'] as const;
export type SignatureThread = (typeof SIGNATURE_THREADS)[number];

/** With so many cores one is free for signatures: the database and the collector of garbage have threads too. */
const CORES_MIN = 4;

/** Whether a node on this machine is to judge signatures on a thread of their own. */
export function isOnOwnThread(thread: SignatureThread, cores: number = availableParallelism()): boolean {
  return thread === 'own' || (thread === 'auto' && cores >= CORES_MIN);
}
