import type { Engine, Entry, Input, Output, Protocol, Write } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { EngineWatch } from '../../src/checks/engine-watch.ts';

const NOTHING: Output<unknown> = { send: [], commit: [], check: [], dropped: [], reads: [], evidence: [] };
const TICK: Input<unknown> = { kind: 'tick' };

function commit(...entries: readonly Entry[]): Output<unknown> {
  return { ...NOTHING, commit: entries };
}

function entry(index: number, payload = `p${index}`, number = 1): Entry {
  return { index, epoch: { number, node: nodeId('a') }, payload: { id: payload as never, bytes: new Uint8Array() } };
}

function build(number: number): Output<unknown> {
  return { ...NOTHING, build: { index: 1, epoch: { number, node: nodeId('a') } } };
}

function write(sequence: number): Output<unknown> {
  return { ...NOTHING, write: { sequence } as Write<unknown> };
}

/** Engines that say what a test wrote down for them. */
class Stage {
  readonly violations: string[] = [];
  readonly #watch = new EngineWatch((check) => this.violations.push(check));

  /** A replica that says `script`, one output a step. */
  play(self: string, script: readonly Output<unknown>[], applied = 0, instance = 'i'): Engine<unknown> {
    const outputs = [...script];
    const engine: Engine<unknown> = {
      step: () => outputs.shift() ?? NOTHING,
      status: () => {
        throw new RangeError('nobody asks');
      },
    };
    const protocol = { create: () => ({ engine, first: NOTHING }) } as unknown as Protocol<unknown>;
    const recovered = { ledger: { index: 0 }, applied } as never;
    return this.#watch.watched(protocol).create({} as never, recovered, { self, instance } as never, 0).engine;
  }

  /** The same, to its end. */
  playAll(self: string, script: readonly Output<unknown>[], applied = 0, instance = 'i'): void {
    const engine = this.play(self, script, applied, instance);
    for (const _ of script) engine.step(TICK, 0);
  }
}

const WRONG: readonly (readonly [check: string, what: string, tell: (stage: Stage) => void])[] = [
  [
    'one leader per epoch',
    'two build in one epoch',
    (stage) => {
      stage.playAll('a', [build(1), build(2)]);
      stage.playAll('b', [build(2)]);
    },
  ],
  ['writes in sequence', 'a write is missing', (stage) => stage.playAll('a', [write(1), write(3)])],
  ['writes in sequence', 'a write comes twice', (stage) => stage.playAll('a', [write(1), write(1)])],
  [
    'one entry per index',
    'two payloads at an index',
    (stage) => {
      stage.playAll('a', [commit(entry(1), entry(2))]);
      stage.playAll('b', [commit(entry(1), entry(2, 'other'))]);
    },
  ],
  [
    'one entry per index',
    'one payload in two epochs',
    (stage) => {
      stage.playAll('a', [commit(entry(1, 'p', 1))]);
      stage.playAll('b', [commit(entry(1, 'p', 2))]);
    },
  ],
  ['commits in order', 'an index is left out', (stage) => stage.playAll('a', [commit(entry(1), entry(3))])],
  ['commits in order', 'an index comes twice', (stage) => stage.playAll('a', [commit(entry(1)), commit(entry(1))])],
  ['commits in order', 'it is executed and nobody committed it', (stage) => stage.playAll('a', [commit(entry(4))], 5)],
];

describe('the watch over engines', () => {
  it.each(WRONG)('reports "%s" when %s, and nothing else', (check, _, tell) => {
    const stage = new Stage();
    tell(stage);
    expect(stage.violations).toEqual([check]);
  });

  it('has nothing to say of replicas in order, of another instance, of a restart and of block sync', () => {
    const stage = new Stage();
    stage.playAll('a', [build(1), write(1), write(2), commit(entry(1), entry(2)), build(3)]);
    stage.playAll('b', [build(2), write(1), commit(entry(1)), commit(entry(2))]);
    stage.playAll('b', [build(1), commit(entry(1, 'other'))], 0, 'another instance');
    stage.playAll('a', [write(1), commit(entry(2), entry(3)), build(1)], 1);
    stage.playAll('a', [commit(entry(2)), commit(entry(3), entry(4))], 3);
    const synced = stage.play('c', [NOTHING, commit(entry(8))]);
    synced.step({ kind: 'synced', anchor: { index: 7 } as never }, 0);
    synced.step(TICK, 0);
    expect(stage.violations).toEqual([]);
  });
});
