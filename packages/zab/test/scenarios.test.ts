import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectScenario, runScenario } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { decodeHardState } from '../src/codec.ts';
import { zab } from '../src/index.ts';
import { zabInvariants } from './harness.ts';

const folder = join(import.meta.dirname, 'testdata');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

function describeHardState(bytes: Uint8Array): string {
  const { acceptedEpoch, currentEpoch } = decodeHardState(bytes);
  return `acceptedEpoch ${acceptedEpoch.number}/${acceptedEpoch.node} currentEpoch ${currentEpoch}`;
}

describe('scenarios', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThanOrEqual(12);
  });

  it.each(files)('%s', (file) => {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const actual = runScenario(zab, text, { invariants: zabInvariants, describeHardState });
    if (process.env.SCENARIOS_REWRITE === '1') writeFileSync(path, actual);
    else expectScenario(file, text, actual, 'SCENARIOS_REWRITE=1 accepts it');
  });
});
