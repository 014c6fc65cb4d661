import { parseArgs } from 'node:util';
import { countOf } from '../arguments.ts';

/** What `npm run bench:peers` measures. */
export interface PeersOptions {
  readonly rounds: number;
  /** Each measurement lasts so long; those of one write after another at most `ALONE_SECONDS_MAX`. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Writes in flight, all clients of a system together. */
  readonly inFlight: number;
  /** Of a value of the peers, and of a whole signed transaction of Varve's. */
  readonly bytes: number;
  readonly json: boolean;
  /** Keep the figures in `bench/results/`. */
  readonly save: boolean;
}

/** How it is called. */
export const PEERS_USAGE = `usage: npm run bench:peers -- [--rounds 3] [--seconds 10] [--warm-up 20] [--in-flight 1200] [--bytes 300]
                        [--json] [--no-save]`;

/** @throws {TypeError} with the usage for words that are none of these. */
export function readPeersOptions(words: readonly string[]): PeersOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      'warm-up': { type: 'string', default: '20' },
      'in-flight': { type: 'string', default: '1200' },
      bytes: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      'no-save': { type: 'boolean', default: false },
    },
  });
  return {
    rounds: countOf(values.rounds, PEERS_USAGE),
    seconds: countOf(values.seconds, PEERS_USAGE),
    warmUpSeconds: countOf(values['warm-up'], PEERS_USAGE),
    inFlight: countOf(values['in-flight'], PEERS_USAGE),
    bytes: countOf(values.bytes, PEERS_USAGE),
    json: values.json,
    save: !values['no-save'],
  };
}
