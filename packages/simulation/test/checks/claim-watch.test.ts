import type { Slot } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { ClaimWatch } from '../../src/checks/claim-watch.ts';
import { playScript, type ScriptStep, writing } from './stage.ts';

const TICK = { kind: 'tick' } as const;

/** Writes with a claim that leaves when the write is durable. */
function claim(sequence: number, epoch: number, index: number): ScriptStep {
  const slot: Slot = { index, epoch: { number: epoch, node: nodeId('a') } };
  return { input: TICK, output: { write: writing(sequence, {}, [slot]) }, status: { epoch, lastIndex: index } };
}

function persisted(sequence: number): ScriptStep {
  return { input: { kind: 'persisted', sequence } };
}

function truncate(sequence: number, epoch: number, lastIndex: number): ScriptStep {
  const write = writing(sequence, { truncateFrom: lastIndex + 1 });
  return { input: TICK, output: { write }, status: { epoch, lastIndex } };
}

/** What a watch says of runs of one node, each with where it starts. */
function judge(
  runs: readonly (readonly [start: { epoch: number; lastIndex: number }, script: readonly ScriptStep[]])[],
  isForgetful = false,
): string[] {
  const found: string[] = [];
  const watch = new ClaimWatch({ isForgetful: () => isForgetful, report: (check) => found.push(check) });
  for (const [start, script] of runs) {
    playScript(
      (protocol) => watch.watched(protocol),
      'a',
      start,
      script,
      (message) => message as Slot,
    );
  }
  return found;
}

const FRESH = { epoch: 0, lastIndex: 0 };

describe('a claim that left', () => {
  it('is broken by a shorter log of the same epoch', () => {
    expect(judge([[FRESH, [claim(1, 2, 7), persisted(1), truncate(2, 2, 6)]]])).toEqual(['claims stay true']);
  });

  it('is broken by a start in an earlier epoch', () => {
    expect(
      judge([
        [FRESH, [claim(1, 2, 7), persisted(1)]],
        [{ epoch: 1, lastIndex: 9 }, []],
      ]),
    ).toEqual(['claims stay true']);
  });

  it('is broken by a start with a shorter log', () => {
    expect(
      judge([
        [FRESH, [claim(1, 2, 7), persisted(1)]],
        [{ epoch: 2, lastIndex: 6 }, []],
      ]),
    ).toEqual(['claims stay true']);
  });

  it('is kept by a start with what was claimed', () => {
    expect(
      judge([
        [FRESH, [claim(1, 2, 7), persisted(1)]],
        [{ epoch: 2, lastIndex: 7 }, []],
      ]),
    ).toEqual([]);
  });

  it('says nothing of a later epoch', () => {
    expect(judge([[FRESH, [claim(1, 2, 7), persisted(1), truncate(2, 3, 4)]]])).toEqual([]);
  });

  it('counts for nothing where the disk was made to forget', () => {
    expect(judge([[FRESH, [claim(1, 2, 7), persisted(1), truncate(2, 2, 6)]]], true)).toEqual([]);
  });
});

describe('a claim that waits for its write', () => {
  it('binds nobody', () => {
    expect(
      judge([
        [FRESH, [claim(1, 2, 7)]],
        [FRESH, []],
      ]),
    ).toEqual([]);
  });
});
