import { join } from 'node:path';
import { storedBlock } from '@varve/audit';
import { decodeHeader, decodePayload, encodeCertificate, encodePayload } from '@varve/ledger';
import { afterAll, describe, expect, it } from 'vitest';
import { certificateBy, genesis, plantedChain, THREE } from '../../../../packages/audit/test/planted-chain.ts';
import { ExportWriter, openExportCopy } from '../../src/audit/export-file.ts';
import { runAudit } from '../../src/audit/run-audit.ts';
import { VerdictPool } from '../../src/audit/verdict-pool.ts';
import { temporaryDirectory } from './level-chain.ts';

const folder = temporaryDirectory();
const pool = new VerdictPool(1);
afterAll(async () => {
  await pool.close();
  folder.remove();
});

type Item = { header: Uint8Array; payload: Uint8Array; certificate: Uint8Array | null };

const { store, ledger } = plantedChain();
const items = Array.from({ length: 9 }, (_, i): Item => {
  const { header, payload, certificate } = storedBlock(store, i + 1);
  if (typeof header === 'string' || typeof payload === 'string') throw new TypeError('a whole block');
  return { header, payload, certificate: typeof certificate === 'string' ? null : certificate };
});
let files = 0;

/** What is found in a file whose maker gave it a right digest. */
async function found(change: (items: Item[]) => void): Promise<string[]> {
  const changed = items.map((item) => ({ ...item }));
  change(changed);
  const path = join(folder.path, `${++files}.varve`);
  const writer = new ExportWriter(path, { genesis, from: 1 });
  for (const { header, payload, certificate } of changed) writer.add(header, payload, certificate);
  writer.finish({ height: changed.length, finalHeight: changed.length, blockHash: ledger.tip.hash });
  const copies = [openExportCopy(path)];
  const report = await runAudit({
    copies,
    genesis,
    genesisFrom: 'file',
    pool,
    keepers: [undefined],
    onProgress: () => undefined,
  });
  return (report.copies[0]?.findings ?? []).map(({ code, height }) => `${code} ${height}`);
}

describe('an export whose maker changed it', () => {
  it('not at all is clean', async () => {
    expect(await found(() => undefined)).toEqual([]);
  });

  it.each<[string, string[], (items: Item[]) => void]>([
    [
      'a changed transaction',
      ['PAYLOAD_CHANGED 3'],
      (all) => {
        const item = all[2] as Item;
        const content = decodePayload(item.payload);
        item.payload = encodePayload({ ...content, transactions: content.transactions.slice(1) });
      },
    ],
    ['a dropped block', ['BLOCK_MISPLACED 3', 'CERTIFICATE_MISSING 8'], (all) => void all.splice(2, 1)],
    [
      'swapped blocks',
      ['BLOCK_MISPLACED 3'],
      (all) => {
        const [third, fourth] = [all[2] as Item, all[3] as Item];
        all.splice(2, 2, fourth, third);
      },
    ],
    [
      'a certificate below quorum',
      ['CERTIFICATE_BELOW_QUORUM 7'],
      (all) => {
        const item = all[6] as Item;
        item.certificate = encodeCertificate(certificateBy(decodeHeader(item.header), THREE.slice(0, 2)));
      },
    ],
    [
      'no certificate of the tip',
      ['CERTIFICATE_MISSING 9'],
      (all) => void Object.assign(all[8] as Item, { certificate: null }),
    ],
    ['a truncated tail that claims to be whole', ['TIP_WRONG 7'], (all) => void all.splice(7)],
  ])('by %s is found', async (_, expected, change) => {
    expect(await found(change)).toEqual(expected);
  });
});
