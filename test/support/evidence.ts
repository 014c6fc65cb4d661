import { join } from 'node:path';
import type { StateAnswer } from '@varve/client';
import { fromHex } from '@varve/encoding';
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
  const { module, proof, value, version, modifiedHeight } = answer;
  if (proof === null || proof.certificate === null) return false;
  const entry =
    value === null || version === null || modifiedHeight === null
      ? null
      : { version, modifiedHeight, bytes: fromHex(value) };
  const claim = {
    module,
    key: fromHex(answer.key),
    entry,
    proof: fromHex(proof.stateProof),
    header: fromHex(proof.header),
    certificate: fromHex(proof.certificate),
  };
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
