import { conformance } from '@varve/consensus/testing';
import { describe, it } from 'vitest';
import { raft } from '../src/index.ts';
import { raftInvariants } from './harness.ts';

const seeds = Number(process.env.RAFT_SEEDS ?? 120);

describe('conformance', () => {
  for (const { name, run } of conformance(raft, { seeds, invariants: raftInvariants })) it(name, run);
});
