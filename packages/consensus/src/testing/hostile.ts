import { EncodingError, nodeId } from '@varve/encoding';
import type { Engine, Envelope } from '../contract.ts';
import { createRng, type Rng, uniformBelow } from '../random.ts';
import type { EngineCluster } from './cluster.ts';
import { hashOf, names } from './fixtures.ts';
import { mutated } from './mutation.ts';
import type { Case, Suite } from './suite.ts';
import { violated } from './violation.ts';

const STRANGER = nodeId('stranger');
const FUZZED_BODIES = 20_000;
const HOSTILE_PER_STATE = 250;

/** Bytes from anywhere, messages that no correct node sends, and correct ones at the wrong time or place. */
export function hostile<M>(suite: Suite<M>): readonly Case[] {
  return [
    { name: 'hostile: decoding random and mutated bytes never throws', run: () => fuzzBodies(suite) },
    { name: 'hostile: well-formed nonsense throws in no state', run: () => fuzzMessages(suite) },
    { name: 'hostile: old, repeated, foreign and misdirected messages break nothing', run: () => redeliver(suite) },
  ];
}

function pickOf<T>(rng: Rng, items: readonly T[]): T {
  return items[uniformBelow(rng, items.length)] ?? violated('there is nothing to pick from');
}

/** A cluster that has seen elections, load and catching up, so that it sent messages of every kind. */
function eventful<M>(suite: Suite<M>, seed: string): EngineCluster<M> {
  const cluster = suite.running(seed, { record: true });
  for (const id of cluster.ids) {
    cluster.demandAll(3).run(20);
    cluster.read(id);
    cluster.partition([id]).run(2 * suite.timing.electionMs);
    cluster.heal();
    cluster.input(cluster.leader() ?? id, { kind: 'transfer', to: id });
    cluster.run(100);
  }
  return cluster;
}

function fuzzBodies<M>(suite: Suite<M>): void {
  const rng = createRng(hashOf('bodies'));
  const cluster = eventful(suite, 'bodies');
  const bodies = cluster.sent.map((envelope) => suite.protocol.encode(envelope.message).body);
  for (let i = 0; i < FUZZED_BODIES; i++) {
    const body = pickOf(rng, bodies).slice(0, 1 + uniformBelow(rng, 200));
    for (let flips = uniformBelow(rng, 4); flips >= 0; flips--)
      body[uniformBelow(rng, body.length)] = uniformBelow(rng, 256);
    decodeQuietly(cluster, body);
    if (i % 4 === 0)
      decodeQuietly(
        cluster,
        body.map(() => uniformBelow(rng, 256)),
      );
  }
}

function decodeQuietly<M>(cluster: EngineCluster<M>, body: Uint8Array): void {
  const decoded = cluster.protocol.decode(body, (id) => cluster.history.payloads.get(id));
  if (!['message', 'missing', 'malformed'].includes(decoded.kind)) violated(`decode gives ${decoded.kind}`);
}

/** Hostile messages go to a copy of a node, so that the cluster stays within the fault model. */
function fuzzMessages<M>(suite: Suite<M>): void {
  const rng = createRng(hashOf('messages'));
  const cluster = eventful(suite, 'messages');
  let delivered = 0;
  for (let state = 0; state < 24; state++) {
    if (state % 5 === 4) cluster.crash(pickOf(rng, cluster.ids));
    cluster.demandAll(3).run(uniformBelow(rng, 150));
    for (const id of cluster.ids) if (!cluster.host(id).engine) cluster.boot(id);
    const victim = cluster.host(pickOf(rng, cluster.ids));
    const copy = victim.copy();
    for (let i = 0; i < HOSTILE_PER_STATE; i++) {
      const envelope = nonsense(rng, cluster, pickOf(rng, cluster.sent));
      if (envelope) delivered += deliver(copy, { ...envelope, to: victim.id }, cluster.now + i);
    }
  }
  if (delivered < 1000) violated(`only ${delivered} hostile messages were well-formed`);
  suite.finish(cluster);
}

/** A member says something else than it did: signed, encoded and verified as any message is. */
function nonsense<M>(rng: Rng, cluster: EngineCluster<M>, sent: Envelope<M>): Envelope<M> | undefined {
  const from = pickOf(rng, cluster.ids);
  let message = sent.message;
  for (let changes = uniformBelow(rng, 3); changes >= 0; changes--)
    message = mutated(rng, message, [...names(5), STRANGER]) as M;
  try {
    const opened = cluster.wire.open(cluster.wire.seal({ from, to: sent.to, message }));
    return opened.ok ? opened.envelope : undefined;
  } catch (error) {
    // What cannot be encoded cannot arrive.
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function deliver<M>(engine: Engine<M>, envelope: Envelope<M>, now: number): number {
  try {
    engine.step({ kind: 'message', envelope }, now);
    engine.status();
    return 1;
  } catch (error) {
    return violated(`${envelope.to} throws at ${JSON.stringify(envelope.message)} of ${envelope.from}`, error);
  }
}

/** Within the fault model: nobody lies, but everything that was ever said is heard again, by anybody, from anybody. */
function redeliver<M>(suite: Suite<M>): void {
  for (let seed = 0; seed < 6; seed++) {
    const cluster = eventful(suite, `redeliver/${seed}`);
    const { rng } = cluster;
    for (let i = 0; i < 400; i++) {
      const envelope = pickOf(rng, cluster.sent);
      const other = pickOf(rng, cluster.ids);
      cluster.inject(cluster.wire.seal(envelope));
      const foreign = cluster.wire.open({ ...cluster.wire.seal(envelope), from: STRANGER });
      if (foreign.ok) cluster.input(envelope.to, { kind: 'message', envelope: foreign.envelope });
      if (other !== envelope.to && other !== envelope.from)
        cluster.input(other, { kind: 'message', envelope: cluster.wire.sign(envelope) });
      if (i % 40 === 0) cluster.crash(other);
      if (i % 40 === 10) for (const id of cluster.ids) if (!cluster.host(id).engine) cluster.boot(id);
      if (i % 10 === 0) for (const id of cluster.live()) cluster.read(id);
      cluster.demandAll(1).run(uniformBelow(rng, 30));
    }
    suite.finish(cluster);
  }
}
