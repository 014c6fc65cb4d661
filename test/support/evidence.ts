import { join } from 'node:path';
import { type StateAnswer, stateClaim } from '@varve/client';
import { decodeGenesis, encodeGenesis } from '@varve/ledger';
import { type Verdict, verifyState } from '@varve/verify';
import { readGenesisFile } from '../../apps/node/src/setup/genesis-file.ts';
import { slowVerifyState } from '../../packages/ledger/test/slow-verifier.ts';

/** The canonical genesis document in a folder that has it as `genesis.json`. */
export function genesisBytesOf(directory: string): Uint8Array {
  return encodeGenesis(readGenesisFile(join(directory, 'genesis.json')));
}

/** Judges a state answer that came with a proof, by both verifiers, which must agree. */
export function verifyStateAnswer(answer: StateAnswer, genesis: Uint8Array): boolean {
  if (answer.proof === null || answer.proof.certificate === null) return false;
  const claim = stateClaim(answer, { configurations: [] });
  const verdict: Verdict<{ readonly height: number; readonly sealed: { readonly hash: string } }> = verifyState(claim, {
    genesis: decodeGenesis(genesis),
  });
  const slow = attempt(() => slowVerifyState(claim, genesis));
  if (verdict.ok !== (slow !== undefined)) throw new Error('the two verifiers disagree');
  if (!verdict.ok || slow === undefined) return false;
  const { report } = verdict;
  if (report.height !== slow.height || report.sealed.hash !== slow.blockHash) throw new Error('of different blocks');
  return answer.height === slow.height && answer.blockHash === slow.blockHash;
}

/** What a verifier that throws says, or `undefined` where it throws. */
export function attempt<T>(verify: () => T): T | undefined {
  try {
    return verify();
  } catch {
    return undefined;
  }
}
