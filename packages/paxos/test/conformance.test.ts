import { conformance } from '@varve/consensus/testing';
import { describe, it } from 'vitest';
import { paxos } from '../src/index.ts';
import { paxosInvariants } from './harness.ts';

const seeds = Number(process.env.PAXOS_SEEDS ?? 120);

describe('conformance', () => {
  for (const { name, run } of conformance(paxos, { seeds, invariants: paxosInvariants })) it(name, run);
});
