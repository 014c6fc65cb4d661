import { headerAt } from '@varve/ledger/chain';
import { describe, expect, it } from 'vitest';
import { ledgerOf, statusOf, WorldDriver } from './world-driver.ts';

describe('a change of the protocol', () => {
  it('Raft → Tendermint → Raft, each from the block after the change on', () => {
    const driver = new WorldDriver(4, 1);
    for (const [i, protocol] of (['tendermint', 'raft', 'tendermint', 'raft'] as const).entries()) {
      driver.switchTo({ protocol });
      const last = ledgerOf(driver.node(0)).configurations.newest.first - 1;
      const before = driver.grow(driver.node(0), 1);
      expect(before).toHaveLength(1);
      driver.grow(driver.node(1), 3);
      driver.settle();
      for (const node of driver.nodes) {
        const ledger = ledgerOf(node);
        expect(ledger.configuration).toMatchObject({ number: i + 1, protocol });
        expect(headerAt(ledger, last)?.header.nextConfigurationHash).toBe(ledger.configurationHash);
        expect(headerAt(ledger, last + 1)?.header).toMatchObject({ configurationHash: ledger.configurationHash });
        expect(headerAt(ledger, last + 1)?.header.epoch.number).toBeLessThan(3);
        expect(statusOf(node)).toMatchObject({ mode: 'validator', conditions: [] });
      }
    }
  });
});
