import type { Protocol } from '@varve/consensus';
import { RECORD_KIND, unchecked } from '@varve/ledger/chain';
import { tendermint } from '@varve/tendermint';
import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../../verify/src/index.ts';
import { strikeLiar } from '../../src/byzantine/strikes.ts';
import { checkEvidence } from '../../src/checks/evidence.ts';
import type { Fault, FaultKind } from '../../src/faults/fault.ts';
import { realSignatures } from '../../src/world/keys.ts';
import { World } from '../../src/world/world.ts';

const RUN_MS = 4000;
const APART_MS = 100;

/** A world with real signatures in which the first validator lies in one way. */
function lyingWorld(kind: FaultKind): World {
  const world = new World({
    seed: 1,
    validators: 4,
    clients: 1,
    protocol: tendermint as Protocol<unknown>,
    signatures: realSignatures,
    isRecording: false,
    liars: new Set([0]),
  }).start();
  const [liar] = world.nodes;
  const [client] = world.clients;
  if (!liar || !client) throw new Error('an empty world');
  const fault: Fault = { kind, at: 0, until: RUN_MS, nodes: [0], amount: 4 };
  const parts = {
    ...world,
    addTwin: (...[node]: Parameters<World['addTwin']>) => world.addTwin(node),
    say: (...said: Parameters<World['say']>) => world.say(...said),
  };
  strikeLiar(parts, fault, liar, { count: () => undefined, until: () => undefined });
  for (let passed = 0; passed < RUN_MS; passed += APART_MS) {
    client.submit([{ kind: 'create', path: `/e${passed}`, value: 'e' }], () => undefined);
    world.run(APART_MS);
  }
  world.run(2000);
  return world;
}

describe.each([
  { kind: 'equivocate', said: ['proposal', 'prevote', 'precommit'] },
  { kind: 'odd-seal', said: ['seal'] },
] as const)('$kind', ({ kind, said }) => {
  it('leaves evidence in the stores of others, which anybody can check', () => {
    const world = lyingWorld(kind);
    checkEvidence(world);
    expect(world.violations).toEqual([]);
    const kinds = new Set<string>();
    for (const { disk } of world.honest) {
      for (const key of disk.keysOf(RECORD_KIND.evidence)) {
        const verdict = verifyEvidence(unchecked(key, disk.get(key) ?? new Uint8Array()), { genesis: world.genesis });
        expect(verdict).toMatchObject({ ok: true, report: { validator: 'validator-1' } });
        if (verdict.ok) kinds.add(verdict.report.first.kind);
      }
    }
    expect(kinds).toEqual(new Set(said));
  });
});
