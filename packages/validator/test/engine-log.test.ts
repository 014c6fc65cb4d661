import type { Entry } from '@varve/consensus';
import { nodeId, type PayloadId, utf8Encode } from '@varve/encoding';
import { payloadIdOf } from '@varve/ledger';
import { headerAt, payloadKey } from '@varve/ledger/chain';
import { beforeEach, describe, expect, it } from 'vitest';
import { EngineLog } from '../src/engine-log.ts';
import { freshInstance } from '../src/stored-instance.ts';
import { Cluster, type TestNode } from './cluster.ts';

const epoch = { number: 1, node: nodeId('validator-1') };

/** A ledger with blocks at heights 1 to 3, and a log with other payloads before and behind theirs. */
function logged() {
  const cluster = new Cluster({ validators: 1 }).start();
  const { ledger } = cluster.node(0).validator as NonNullable<TestNode['validator']>;
  cluster.until(() => cluster.leader !== undefined);
  for (let at = 1; at <= 3; at++) {
    const operation = { module: 'coordination', method: 'create', arguments: [`/${at}`, new Uint8Array()] };
    cluster.submit(cluster.node(0), cluster.transaction([operation]).bytes);
    cluster.until(() => ledger.finalHeight === at);
  }
  const { records } = ledger;
  const blocks = [1, 2, 3].map((at) => headerAt(ledger, at)?.header.payloadHash as PayloadId);
  const strays = ['a', 'b', 'c'].map((text) => {
    const bytes = utf8Encode(`stray ${text}`);
    const id = payloadIdOf(bytes);
    records.put(payloadKey(id), bytes);
    return id;
  });
  // The first entry of a leader is empty: the blocks are made of entries 2 to 4.
  expect(headerAt(ledger, 1)?.header.index).toBe(2);
  const payloads = [...strays.slice(0, 1), ...blocks, ...strays.slice(1)];
  const stored = {
    ...freshInstance(ledger),
    entries: payloads.map((payload, i) => ({ entry: { index: i + 1, epoch }, payload })),
  };
  const held = (ids: readonly PayloadId[]) => ids.map((id) => records.get(payloadKey(id)) !== undefined);
  return { ledger, blocks, strays, held, stored, records };
}

describe('payloads of entries that are gone', () => {
  let world: ReturnType<typeof logged>;
  let log: EngineLog;
  beforeEach(() => {
    world = logged();
    log = new EngineLog(world.records, world.stored, world.ledger);
  });

  it('go with their instance, but for those of blocks', () => {
    log.clear(3);
    expect(world.held(world.blocks)).toEqual([true, true, true]);
    expect(world.held(world.strays)).toEqual([false, false, false]);
  });

  it('go with the entries that a certificate makes needless, but for those of blocks', () => {
    const { hash, header } = headerAt(world.ledger, 2) as NonNullable<ReturnType<typeof headerAt>>;
    const anchor = { index: header.index, epoch: header.epoch, height: header.height, blockHash: hash };
    log.apply({ id: 1, append: [], anchor } as never);
    expect(world.held(world.blocks)).toEqual([true, true, true]);
    expect(world.held(world.strays)).toEqual([false, true, true]);
  });

  it('go with the entries that others replace, also below what is executed, but for those of blocks', () => {
    const entry: Entry = { index: 1, epoch };
    log.apply({ id: 1, truncateFrom: 1, append: [entry] } as never);
    expect(world.held(world.blocks)).toEqual([true, true, true]);
    expect(world.held(world.strays)).toEqual([false, false, false]);
  });

  it('stay where a header cannot be read, so that nobody can tell', () => {
    // There is no block at height 4.
    log.clear(4);
    expect(world.held([...world.blocks, ...world.strays])).not.toContain(false);
  });
});
