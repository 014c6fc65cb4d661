import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { toHex, utf8Encode } from '@varve/encoding';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { genesis } from '../../../../packages/audit/test/planted-chain.ts';
import { VerdictPool } from '../../src/audit/verdict-pool.ts';
import { LevelStore } from '../../src/storage/index.ts';
import { auditDirectories, temporaryDirectory, WrittenChain } from './level-chain.ts';

const FLIPS = 200;
const BLOCKS = 6;
const SEED = 'bit flips 1';
const folder = temporaryDirectory();
const pool = new VerdictPool(1);
const original = join(folder.path, 'original');

beforeAll(async () => {
  const chain = new WrittenChain();
  chain.grow(3).switch().grow(2);
  mkdirSync(original);
  await chain.writeTo(original);
});

afterAll(async () => {
  await pool.close();
  folder.remove();
});

/** Every record of a database, as a reader of it finds them. */
async function answersOf(directory: string): Promise<string> {
  const store = await LevelStore.open(join(directory, 'store'));
  const lines: string[] = [];
  for await (const [key, value] of store.entries()) {
    const got = store.get(key);
    lines.push(`${toHex(key)} ${toHex(value)} ${got ? toHex(got) : 'none'}`);
  }
  await store.close();
  return lines.join('\n');
}

it(`finds each of ${FLIPS} random bit flips in the files of a store, or it changes no answer`, async () => {
  const clean = await auditDirectories(pool, genesis, original);
  expect(clean.copies[0]?.findings).toEqual([]);
  expect(clean.copies[0]?.counts).toMatchObject({ blocks: BLOCKS, transactions: 11 });
  const kept = join(folder.path, 'kept');
  cpSync(original, kept, { recursive: true });
  const answers = await answersOf(kept);
  // LOG is for people and never of the same length, which would change the places of all flips.
  const files = readdirSync(join(original, 'store')).filter((name) => !/^LO(CK|G)/.test(name));
  const bytes = files.flatMap((name) => {
    const { length } = readFileSync(join(original, 'store', name));
    return Array.from({ length }, (_, at) => ({ name, at }));
  });
  const rng = createRng(sha256(utf8Encode(SEED)));
  const outcomes = { found: 0, refused: 0, harmless: 0 };
  const unseen: string[] = [];
  for (let flip = 0; flip < FLIPS; flip++) {
    const { name, at } = bytes[rng.nextUint32() % bytes.length] as (typeof bytes)[number];
    const bit = rng.nextUint32() % 8;
    const directory = join(folder.path, 'flipped');
    cpSync(original, directory, { recursive: true });
    const path = join(directory, 'store', name);
    const content = readFileSync(path);
    content[at] = (content[at] as number) ^ (1 << bit);
    writeFileSync(path, content);
    try {
      const { clean: isClean } = await auditDirectories(pool, genesis, directory);
      if (!isClean) outcomes.found += 1;
      else if ((await answersOf(directory)) === answers) outcomes.harmless += 1;
      else unseen.push(`${name} byte ${at} bit ${bit}`);
    } catch (error) {
      expect((error as { code?: unknown }).code, `${name} byte ${at} bit ${bit}`).toBe('STORE_DAMAGED');
      outcomes.refused += 1;
    }
    rmSync(directory, { recursive: true });
  }
  expect(unseen).toEqual([]);
  expect(outcomes.found).toBeGreaterThan(FLIPS * 0.9);
});

it('shows how far a copy reaches whose database lost its end without a trace', async () => {
  const directory = join(folder.path, 'cut');
  cpSync(original, directory, { recursive: true });
  const name = readdirSync(join(directory, 'store')).find((file) => file.endsWith('.log'));
  const path = join(directory, 'store', name ?? 'no log');
  const content = readFileSync(path);
  // A LevelDB record begins with a checksum of four bytes, its length in two, little-endian, and its kind. A length beyond
  // the end of the log passes for a write that was cut short: it and what follows are left out.
  const starts: number[] = [];
  for (let at = 0; at < content.length; at += 7 + content.readUInt16LE(at + 4)) starts.push(at);
  // The last record holds the last block's certificate, the one before it the block.
  const blockAt = starts.at(-2) as number;
  content[blockAt + 5] = (content[blockAt + 5] as number) ^ 0x80;
  writeFileSync(path, content);
  const [copy] = (await auditDirectories(pool, genesis, directory)).copies;
  expect(copy?.counts).toMatchObject({ blocks: BLOCKS - 1, certifiedHeight: BLOCKS - 1 });
});
