import { EPOCH_ZERO, type ProtocolName } from '@varve/consensus';
import { height } from '@varve/encoding';
import { type Certificate, chainIdOf, configurationHashOf, type SealedHeader, sealSignBytes } from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { certificateFault } from '../../src/checks/certificate-fault.ts';
import { simulatedGenesis, validatorName } from '../../src/world/genesis.ts';
import { standInSignatures } from '../../src/world/keys.ts';

const HASH = '22'.repeat(32) as SealedHeader['hash'];

/** What is said of a certificate that these validators of `n` signed; one of their seals may be of another block. */
function judge(protocol: ProtocolName, n: number, signers: readonly number[], other?: number): string | undefined {
  const admin = standInSignatures.key('admin');
  const genesis = simulatedGenesis(protocol, n, standInSignatures, { admin, clients: [] });
  const configurationHash = configurationHashOf(genesis.configuration);
  const header = { height: height(7), configurationHash, index: 7, epoch: EPOCH_ZERO };
  const chain = chainIdOf(genesis);
  const signatures = signers.map((validatorIndex) => {
    const at = height(validatorIndex === other ? 6 : 7);
    const message = sealSignBytes(chain, configurationHash, at, HASH);
    const key = standInSignatures.key(`signing ${validatorName(validatorIndex)}`);
    return { validatorIndex, signature: key.sign(message) };
  });
  const certificate: Certificate = { height: height(7), blockHash: HASH, configurationHash, signatures };
  const sealed = { header, hash: HASH, bytes: new Uint8Array() } as unknown as SealedHeader;
  return certificateFault(certificate, sealed, genesis.configuration, chain, standInSignatures.rule);
}

describe('a certificate', () => {
  it.each([
    ['raft', 3, [0, 2]],
    ['raft', 4, [0, 1, 3]],
    ['raft', 5, [4, 1, 2]],
    ['tendermint', 4, [0, 1, 2]],
    ['tendermint', 6, [0, 1, 2, 3, 5]],
  ] as const)('of %s with %i validators is enough from %j', (protocol, n, signers) => {
    expect(judge(protocol, n, signers)).toBeUndefined();
    expect(judge(protocol, n, signers.slice(1))).toMatch(/^is signed by/);
  });

  it('counts each signer once', () => {
    expect(judge('raft', 3, [1, 1])).toBe('is signed by 1 of 3');
  });

  it('needs a signature of this block from everybody named', () => {
    expect(judge('raft', 3, [0, 1, 2], 2)).toBe('has no signature of validator 2');
    expect(judge('raft', 3, [0, 1, 3])).toBe('has no signature of validator 3');
  });
});
