import { readFileSync } from 'node:fs';
import { sha256 } from '@varve/crypto';
import { encodeCbor, utf8Encode } from '@varve/encoding';
import { encodeCertificate, encodeConfiguration, type SealedHeader, type StateEntry, sealHeader } from '@varve/ledger';
import { certificateAt, headerAt, type Ledger, stateAt, stateProofAt } from '@varve/ledger/chain';
import { encodeStateProof, StateTree } from '@varve/merkle';
import { describe, expect, it } from 'vitest';
import { Chain, genesis, mutations, operation, transactionBytes } from '../../ledger/test/harness.ts';
import { type RefusalReason, type StateAnswer, verifyHeader, verifyState } from '../src/index.ts';
import { block, certify, steps } from './ladder.ts';

const trust = { genesis };
/** 20 keys, the last value set twice, and one block above the certified one. */
const world = (() => {
  const made = new Chain();
  const sets = Array.from({ length: 20 }, (_, i) => operation('set', `k${i}`, i));
  made.block([transactionBytes(sets)]);
  made.block([transactionBytes([operation('set', 'k19', 'again'), operation('delete', 'k0')])]);
  made.certify();
  made.block([transactionBytes([operation('set', 'k1', 'not final'), operation('set', 'new', 1)])]);
  return made;
})();

/** What a node answers at its final height. */
function answer(ledger: Ledger, name: string): StateAnswer {
  const key = utf8Encode(name);
  const at = ledger.finalHeight;
  const proof = stateProofAt(ledger, 'notes', key, at);
  return {
    module: 'notes',
    key,
    entry: stateAt(ledger, 'notes', key, at) ?? null,
    proof: encodeStateProof(proof as NonNullable<typeof proof>),
    header: (headerAt(ledger, at) as SealedHeader).bytes,
    certificate: encodeCertificate(certificateAt(ledger, at) as NonNullable<ReturnType<typeof certificateAt>>),
  };
}
const asked = (name: string) => answer(world.ledger, name);

describe('verifyState', () => {
  it('accepts what a ledger answers at its final height', () => {
    const verdict = verifyState(asked('k19'), trust);
    expect(verdict).toMatchObject({
      ok: true,
      report: {
        height: 2,
        entry: { version: 1, modifiedHeight: 2, bytes: utf8Encode('again') },
        faultModel: 'crash',
        configuration: 0,
        signers: [{ name: 'v1' }, { name: 'v2' }],
      },
    });
    for (let i = 1; i < 20; i++) expect(verifyState(asked(`k${i}`), trust).ok).toBe(true);
  });

  it('accepts proofs of absence', () => {
    for (const name of ['k0', 'new', 'never', ...Array.from({ length: 20 }, (_, i) => `x${i}`)]) {
      expect(verifyState(asked(name), trust)).toMatchObject({ ok: true, report: { entry: null } });
    }
  });

  const good = asked('k1');
  const absent = asked('never');
  const entry = good.entry as StateEntry;
  const header = (headerAt(world.ledger, 3) as SealedHeader).bytes;
  it.each<[string, RefusalReason, Partial<StateAnswer>]>([
    ['another value', 'STATE_MISMATCH', { entry: { ...entry, bytes: utf8Encode('2') } }],
    ['another version', 'STATE_MISMATCH', { entry: { ...entry, version: 1 } }],
    ['another height of change', 'STATE_MISMATCH', { entry: { ...entry, modifiedHeight: 2 } }],
    ['absence of what is there', 'STATE_MISMATCH', { entry: null }],
    ['another key', 'STATE_MISMATCH', { key: utf8Encode('k2') }],
    ['another module', 'STATE_MISMATCH', { module: 'assets' }],
    ['the proof of another key', 'STATE_MISMATCH', { proof: asked('k2').proof }],
    ['absence by the proof of another key', 'STATE_MISMATCH', { entry: null, proof: absent.proof }],
    ['a value by a proof of absence', 'STATE_MISMATCH', { key: absent.key, proof: absent.proof }],
    ['a header that is not certified', 'CERTIFICATE_FOREIGN', { header }],
    ['bytes that are no proof', 'PROOF_MALFORMED', { proof: Uint8Array.of(0x80) }],
    ['bytes that are no header', 'HEADER_MALFORMED', { header: Uint8Array.of(0x80) }],
    ['bytes that are no certificate', 'CERTIFICATE_MALFORMED', { certificate: new Uint8Array() }],
    ['a version below zero', 'VALUE_MALFORMED', { entry: { ...entry, version: -1 } }],
    ['a key that is text', 'STATE_MISMATCH', { key: 'k1' as never }],
    ['no key', 'VALUE_MALFORMED', { key: undefined as never }],
  ])('refuses %s', (_, reason, change) => {
    const verdict = verifyState({ ...good, ...change }, trust);
    expect(verdict).toMatchObject({ ok: false, reason });
  });

  it('refuses a forged header under a certificate of too few, and other chains', () => {
    const { header: real } = world.ledger.tip;
    const tree = new StateTree().update(0, [{ key: sha256(Uint8Array.of(1)), value: sha256(Uint8Array.of(2)) }]);
    const forged = sealHeader({ ...real, stateRoot: tree.root });
    const change = { header: forged.bytes, certificate: encodeCertificate(certify(forged, 0, 1)) };
    expect(verifyState({ ...good, ...change }, trust)).toMatchObject({ reason: 'CERTIFICATE_INVALID' });
    const elsewhere = verifyState(good, { genesis: { ...genesis, time: 5 } });
    expect(elsewhere).toMatchObject({ reason: 'CHAIN_MISMATCH' });
    expect(elsewhere.steps.at(-1)).toMatchObject({ check: 'chain', ok: false });
  });

  it('refuses every changed byte of proof, header and certificate', () => {
    for (const part of ['proof', 'header', 'certificate'] as const) {
      for (const changed of mutations(good[part], [1, 0x80])) {
        expect(verifyState({ ...good, [part]: changed }, trust).ok).toBe(false);
      }
    }
  });

  it('never throws', () => {
    const broken = [undefined, null, 1, 'x', [], {}, { ...good, header: null }, { ...good, configurations: [null] }];
    for (const input of broken) {
      expect(verifyState(input as never, trust).ok).toBe(false);
      expect(verifyHeader(input as never, trust).ok).toBe(false);
    }
    expect(verifyState({ ...good, proof: null as never }, trust).ok).toBe(false);
    expect(verifyState(good, null as never)).toMatchObject({ ok: false });
  });
});

describe('verifyHeader', () => {
  const bytes = (number: number) =>
    steps(number).map((step) => ({
      header: step.lastHeader.bytes,
      certificate: encodeCertificate(step.certificate),
      next: encodeConfiguration(step.next),
    }));
  const at = (height: number, number: number) => ({
    header: block(height).bytes,
    certificate: encodeCertificate(certify(block(height))),
    configurations: bytes(number),
  });

  it('follows the steps to the configuration that certified', () => {
    expect(verifyHeader(at(9, 2), trust)).toMatchObject({
      ok: true,
      report: { certifiedHeight: 9, configuration: 2, protocol: 'paxos', sealed: { hash: block(9).hash } },
    });
    expect(verifyHeader(at(5, 1), trust)).toMatchObject({ ok: true, report: { faultModel: 'byzantine' } });
    expect(verifyHeader(at(5, 0), trust)).toMatchObject({ reason: 'CONFIGURATION_UNKNOWN' });
  });

  it('takes no block 0: it has no certificate', () => {
    const zero = { header: block(0).bytes, certificate: encodeCertificate(certify(block(0), 0)) };
    expect(verifyHeader(zero, trust)).toMatchObject({ ok: false });
  });

  it('refuses malformed steps', () => {
    const one = bytes(1)[0] as ReturnType<typeof bytes>[number];
    const junk = encodeCbor([]);
    const refused = (change: object) => verifyHeader({ ...at(5, 1), configurations: [{ ...one, ...change }] }, trust);
    expect(refused({ header: junk })).toMatchObject({ reason: 'HEADER_MALFORMED' });
    expect(refused({ certificate: junk })).toMatchObject({ reason: 'CERTIFICATE_MALFORMED' });
    expect(refused({ next: junk })).toMatchObject({ reason: 'CONFIGURATION_MALFORMED' });
  });
});

it('nothing that a browser lacks is imported, directly or not', () => {
  const packages = new URL('../../', import.meta.url);
  const seen = new Set<string>();
  const outside = new Set<string>();
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    const source = readFileSync(file, 'utf8').replace(/^import type [^;]*;/gm, '');
    for (const [, from = ''] of source.matchAll(/^(?:import|export|\}) ?[^;'"]*from '([^']+)'/gm)) {
      const own = /^@varve\/([a-z]+)$/.exec(from);
      if (from.startsWith('.')) visit(new URL(from, file));
      else if (own) visit(new URL(`${own[1]}/src/index.ts`, packages));
      else outside.add(from);
    }
  };
  visit(new URL('../src/index.ts', import.meta.url));
  expect(seen.size).toBeGreaterThan(30);
  expect([...outside].filter((from) => !from.startsWith('@noble/'))).toEqual([]);
});
