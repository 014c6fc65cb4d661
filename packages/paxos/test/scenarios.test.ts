import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectScenario, runScenario } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { decodeHardState } from '../src/codec.ts';
import { paxos } from '../src/index.ts';
import { paxosInvariants } from './harness.ts';

const folder = join(import.meta.dirname, 'testdata');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

function describeHardState(bytes: Uint8Array): string {
  const { promised, acceptedRound } = decodeHardState(bytes);
  return `promised ${promised.number} accepted ${acceptedRound.number}`;
}

describe('scenarios', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThanOrEqual(12);
  });

  it.each(files)('%s', (file) => {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const actual = runScenario(paxos, text, { invariants: paxosInvariants, describeHardState });
    if (process.env.SCENARIOS_REWRITE === '1') writeFileSync(path, actual);
    else expectScenario(file, text, actual, 'SCENARIOS_REWRITE=1 accepts it');
  });
});
