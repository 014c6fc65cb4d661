import { parseArgs } from 'node:util';
import { countOf, countsOf } from '../arguments.ts';

/** Where a network is measured: how many validators, state records and blocks it has, and how many clients come. */
export interface ScalePoint {
  readonly validators: number;
  readonly keys: number;
  readonly heights: number;
  readonly clients: number;
}

/** What is varied, alone, while all else is as at the base point. */
export type Axis = keyof ScalePoint;

/** What `npm run bench:scale` measures. */
export interface ScaleOptions {
  /** In the order in which they are measured. */
  readonly axes: Readonly<Record<Axis, readonly number[]>>;
  /** Each measurement lasts so long, and is repeated so often; medians are kept. */
  readonly seconds: number;
  readonly runs: number;
  readonly warmUpSeconds: number;
  readonly json: boolean;
  /** Keep the figures in `bench/results/`. */
  readonly save: boolean;
}

/** From here each axis starts out. */
export const BASE: ScalePoint = { validators: 3, keys: 10_000, heights: 1_000, clients: 100 };

/** How it is called. */
export const SCALE_USAGE = `usage: npm run bench:scale -- [--validators 3,5,7,9] [--keys 10000,100000,1000000,3000000] [--heights 1000,100000]
                        [--clients 1,10,100,1000] [--seconds 5] [--runs 3] [--warm-up 5] [--json] [--no-save]
An axis of "none" is left out.`;

/** @throws {TypeError} with the usage for words that are none of these. */
export function readScaleOptions(words: readonly string[]): ScaleOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      validators: { type: 'string', default: '3,5,7,9' },
      keys: { type: 'string', default: '10000,100000,1000000,3000000' },
      heights: { type: 'string', default: '1000,100000' },
      clients: { type: 'string', default: '1,10,100,1000' },
      seconds: { type: 'string', default: '5' },
      runs: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      'no-save': { type: 'boolean', default: false },
    },
  });
  const axis = (text: string): readonly number[] => (text === 'none' ? [] : countsOf(text, SCALE_USAGE));
  return {
    axes: {
      validators: axis(values.validators),
      keys: axis(values.keys),
      heights: axis(values.heights),
      clients: axis(values.clients),
    },
    seconds: countOf(values.seconds, SCALE_USAGE),
    runs: countOf(values.runs, SCALE_USAGE),
    warmUpSeconds: countOf(values['warm-up'], SCALE_USAGE),
    json: values.json,
    save: !values['no-save'],
  };
}
