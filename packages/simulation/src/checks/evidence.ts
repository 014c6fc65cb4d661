import { fromHex, toHex } from '@varve/encoding';
import { configurationHashOf, decodeEvidence, decodeStatement, slotOf } from '@varve/ledger';
import { RECORD_KIND, unchecked } from '@varve/ledger/chain';
import { EVIDENCE_PER_VALIDATOR_MAX } from '@varve/validator';
import type { SimulatedNode } from '../world/node.ts';
import type { World } from '../world/world.ts';

/** How old evidence must be to be durable, once nothing is slow any more; milliseconds. */
const DURABLE_MS = 1000;

/**
 * Looks into the stores of correct nodes: all evidence proves what it says, and accuses only who is guilty; and what an
 * engine gave in the present run is there.
 */
export function checkEvidence(world: World): void {
  for (const node of world.honest) {
    if (world.forgetful.has(node)) continue;
    const kept = keptBy(world, node);
    for (const { node: name, run, at, voter, statements } of world.statements.given) {
      if (name !== node.name || run !== node.run || world.scheduler.now - at < DURABLE_MS) continue;
      const records = kept.get(voter) ?? new Set();
      // Of one who contradicts itself all the time some proofs are enough.
      if (records.has(statements.join()) || records.size >= EVIDENCE_PER_VALIDATOR_MAX) continue;
      world.report('evidence is kept', `${name} lacks what it found of ${voter} at ${at} ms`);
    }
  }
}

/** By the name of the accused: pairs of statements that the store of `node` holds, each proven. */
function keptBy(world: World, node: SimulatedNode): ReadonlyMap<string, ReadonlySet<string>> {
  const kept = new Map<string, Set<string>>();
  const { configuration } = world.genesis;
  for (const key of node.disk.keysOf(RECORD_KIND.evidence)) {
    // No fault changes these records, whatever else of the disk it does.
    const record = node.disk.get(key);
    if (record === undefined) continue;
    const { signingKey, configurationHash, first, second } = decodeEvidence(unchecked(key, record));
    const accused = configuration.validators.find((member) => member.signingKey === signingKey);
    const isProven =
      configurationHash === configurationHashOf(configuration) &&
      toHex(first.bytes) !== toHex(second.bytes) &&
      slotOf(decodeStatement(first.bytes)) === slotOf(decodeStatement(second.bytes)) &&
      [first, second].every(({ bytes, signature }) => world.isSigned(fromHex(signingKey), bytes, signature));
    if (!isProven) world.report('evidence proves', `${node.name} keeps what proves nothing of ${accused?.name}`);
    const isGuilty = accused !== undefined && world.isSuspect(accused.name);
    if (!isGuilty) world.report('no evidence against the correct', `${node.name} accuses ${accused?.name}`);
    const name = accused?.name ?? '';
    const pair = [first, second].map(({ bytes }) => toHex(bytes)).sort();
    kept.set(name, (kept.get(name) ?? new Set<string>()).add(pair.join()));
  }
  return kept;
}
