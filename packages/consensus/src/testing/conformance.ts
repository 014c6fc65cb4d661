import type { Protocol } from '../contract.ts';
import { catchUp } from './catch-up.ts';
import { determinism } from './determinism.ts';
import { drain } from './drain.ts';
import { flowControl } from './flow-control.ts';
import { hostile } from './hostile.ts';
import { pause } from './pause.ts';
import { randomFaults } from './random-faults.ts';
import { readBarrier } from './read-barrier.ts';
import { restarts } from './restarts.ts';
import { type Case, type ConformanceOptions, Suite } from './suite.ts';

const SIZES = [1, 2, 3, 4, 5, 7, 9];

/**
 * The tests that every engine must pass, for its test file to turn into those of its test runner.
 * @returns Independent of one another; each throws when a promise of the contract is broken.
 */
export function conformance<M>(protocol: Protocol<M>, options: ConformanceOptions<M> = {}): readonly Case[] {
  const suite = new Suite(protocol, options);
  return [
    ...SIZES.map((n) => ({ name: `${n} nodes order, everywhere the same`, run: () => order(suite, n) })),
    ...flowControl(suite),
    ...readBarrier(suite),
    ...drain(suite),
    ...pause(suite),
    ...catchUp(suite),
    ...determinism(suite),
    ...hostile(suite),
    ...restarts(suite),
    ...randomFaults(suite),
  ];
}

function order<M>(suite: Suite<M>, n: number): void {
  const cluster = suite.cluster(`order/${n}`, { n, record: true }).start();
  cluster.progress(100, 6 * suite.progressMsMax);
  suite.finish(cluster);
}
