import { conformance } from '@varve/consensus/testing';
import { describe, it } from 'vitest';
import { zab } from '../src/index.ts';
import { zabInvariants } from './harness.ts';

const seeds = Number(process.env.ZAB_SEEDS ?? 120);

describe('conformance', () => {
  for (const { name, run } of conformance(zab, { seeds, invariants: zabInvariants })) it(name, run);
});
