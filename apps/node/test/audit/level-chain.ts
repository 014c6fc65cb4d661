import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Genesis } from '@varve/ledger';
import { INDEX_SHAPE, type StoreOperation } from '@varve/ledger/chain';
import { PlantedChain, genesis as planted } from '../../../../packages/audit/test/planted-chain.ts';
import { openLevelCopy } from '../../src/audit/level-copy.ts';
import { type AuditReport, runAudit } from '../../src/audit/run-audit.ts';
import type { VerdictPool } from '../../src/audit/verdict-pool.ts';
import { LevelStore } from '../../src/storage/index.ts';

/** A chain whose batches are remembered, to be written to a real database. */
export class WrittenChain extends PlantedChain {
  readonly batches: (readonly StoreOperation[])[] = [];

  constructor() {
    super(planted, INDEX_SHAPE);
    const { store } = this;
    this.batches.push(
      [...store.records].map(([key, value]) => ({ key: new Uint8Array(Buffer.from(key, 'hex')), value })),
    );
    const write = store.write.bind(store);
    store.write = (batch) => {
      this.batches.push(batch.map(({ key, value }) => ({ key, value: value?.slice() })));
      write(batch);
    };
  }

  /** Writes everything so far to a new data directory; the database is opened twice, so that tables come to be. */
  async writeTo(directory: string): Promise<void> {
    const path = join(directory, 'store');
    const half = Math.floor(this.batches.length / 2);
    let store = await LevelStore.create(path);
    for (const [i, batch] of this.batches.entries()) {
      if (i === half) {
        await store.close();
        store = await LevelStore.open(path);
      }
      await store.commit(batch);
    }
    await store.close();
  }
}

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'varve-test-audit-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Audits data directories as the command does. */
export async function auditDirectories(
  pool: VerdictPool,
  genesis: Genesis,
  ...directories: readonly string[]
): Promise<AuditReport> {
  const copies = [];
  try {
    for (const directory of directories) copies.push(await openLevelCopy(directory, genesis));
    const keepers = copies.map(() => undefined);
    return await runAudit({ copies, genesis, genesisFrom: 'file', pool, keepers, onProgress: () => undefined });
  } finally {
    for (const copy of copies) await copy.close();
  }
}
