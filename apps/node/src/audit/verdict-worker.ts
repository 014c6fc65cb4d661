import { parentPort } from 'node:worker_threads';
import { openPayload } from '@varve/audit';
import { verifySignature } from '@varve/crypto';

/** Payloads whose signatures are to be judged. */
export interface VerdictQuestion {
  readonly payloads: readonly Uint8Array[];
  readonly seals: readonly SealQuestion[];
}

/** A seal and whose it should be. */
export interface SealQuestion {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** 1 for each item that is signed, 0 for others, and for what is no transaction; the same of seals. */
export interface VerdictAnswer {
  readonly payloads: readonly Uint8Array[];
  readonly seals: Uint8Array;
}

/** A thread that judges signatures by the one rule. */
parentPort?.on('message', ({ payloads, seals }: VerdictQuestion) => {
  const answer: VerdictAnswer = {
    payloads: payloads.map((bytes) => {
      const decoded = openPayload(bytes, () => false)?.decoded ?? [];
      return Uint8Array.from(decoded, (one) =>
        one && verifySignature(one.publicKey, one.signedBytes, one.signature) ? 1 : 0,
      );
    }),
    seals: Uint8Array.from(seals, ({ publicKey, message, signature }) =>
      verifySignature(publicKey, message, signature) ? 1 : 0,
    ),
  };
  parentPort?.postMessage(answer);
});
