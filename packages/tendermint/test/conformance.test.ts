import { conformance } from '@varve/consensus/testing';
import { describe, it } from 'vitest';
import { tendermint } from '../src/index.ts';
import { signOnce } from './harness.ts';

const seeds = Number(process.env.TENDERMINT_SEEDS ?? 60);

// The turn of a node that is down costs a timeout: of four nodes, one height in four takes half a second.
const bulkMsMax = 120_000;

describe('conformance', () => {
  for (const { name, run } of conformance(tendermint, { seeds, bulkMsMax, invariants: signOnce })) it(name, run);
});
