import { PROTOCOL_NAMES, type ProtocolName } from '@varve/consensus';
import { quantile } from '../elections/distribution.ts';
import { ELECTION_MS } from '../elections/loaded-world.ts';
import { seedsOr } from '../long/options.ts';
import { GRAPHS, type Graph, measurePartial, type Partial, WATCH_MS } from './measure.ts';

const USAGE = 'usage: npm run simulate:partial -- [--seeds 200]\n';
/** What Multi-Paxos promises in each of these graphs: a leader within four election timeouts. */
const LEADER_MS_MAX = 4 * ELECTION_MS;

const seeds = seedsOr(USAGE, 200);
let isKept = true;

process.stdout.write(
  `${seeds.length} seeds each, 5 validators, ${WATCH_MS} ms of each graph; T = ${ELECTION_MS} ms\n\n`,
);
process.stdout.write(
  '| graph | protocol | seeds that go on | leader | next final block | longest gap | epochs | healed |\n',
);
process.stdout.write('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n');
for (const graph of GRAPHS) {
  for (const protocol of PROTOCOL_NAMES) {
    const results = seeds.map((seed) => measurePartial(protocol, graph, seed));
    process.stdout.write(`| ${graph} | ${protocol} | ${cells(results)} |\n`);
    if (protocol === 'paxos') isKept &&= isPromised(graph, protocol, results);
  }
}
process.exit(isKept ? 0 : 1);

/** Median and maximum of each. */
function cells(results: readonly Partial[]): string {
  const spread = (of: (result: Partial) => number): string => {
    const all = results.map(of);
    return `${told(quantile(all, 0.5))} / ${told(Math.max(...all))}`;
  };
  const goOn = results.filter(({ firstMs }) => Number.isFinite(firstMs)).length;
  return [
    `${goOn} of ${seeds.length}`,
    spread(({ leaderMs }) => leaderMs),
    spread(({ firstMs }) => firstMs),
    spread(({ gapMs }) => gapMs),
    spread(({ epochs }) => epochs),
    spread(({ healMs }) => healMs),
  ].join(' | ');
}

function told(value: number): string {
  return Number.isFinite(value) ? String(value) : 'never';
}

function isPromised(graph: Graph, protocol: ProtocolName, results: readonly Partial[]): boolean {
  const late = results.findIndex(({ leaderMs }) => leaderMs > LEADER_MS_MAX);
  if (late < 0) return true;
  process.stderr.write(`${protocol}, ${graph}, seed ${late + 1}: no leader within ${LEADER_MS_MAX} ms\n`);
  return false;
}
