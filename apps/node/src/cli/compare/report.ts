import { table } from '../printer.ts';
import type { Comparison, ProtocolReport } from './compare.ts';
import { FINAL_MS_MAX, RECOVERY_MS_MAX, SATURATING } from './measure.ts';

const HEAD: readonly string[] = [
  'protocol',
  'f',
  'tx/s',
  'p50 ms',
  'p99 ms',
  'packets/tx',
  'bytes/tx',
  'gap ms',
  'f down: final',
  'f down: tx/s',
];
const NOTHING = '-';

/** The table for people, and what its columns mean: at most 100 columns. */
export function comparisonText(comparison: Comparison): string {
  const { machine, validators, transactionBytes, seconds, protocols } = comparison;
  return [
    `${validators} validators, ${transactionBytes}-byte signed transactions, ${seconds} s each; client on the same machine:`,
    machine,
    '',
    table(HEAD, protocols.map(rowOf)),
    '',
    ...legend(comparison),
    ...remarks(protocols),
  ].join('\n');
}

function rowOf({ protocol, faultsTolerated, saturated, paced, leaderKill, down }: ProtocolReport): readonly string[] {
  const per = (total: number, digits: number): string => (total / paced.final).toFixed(digits);
  return [
    protocol,
    String(faultsTolerated),
    saturated.transactionsPerSecond.toFixed(0),
    paced.latencyMs?.p50.toFixed(0) ?? NOTHING,
    paced.latencyMs?.p99.toFixed(0) ?? NOTHING,
    per(paced.packets, 2),
    per(paced.bytes, 0),
    gapOf(leaderKill),
    down ? `${((100 * down.final) / down.offered).toFixed(1)} %` : NOTHING,
    down ? (down.final / down.seconds).toFixed(0) : NOTHING,
  ];
}

function gapOf(kill: ProtocolReport['leaderKill']): string {
  if (kill === null) return NOTHING;
  return kill.recoveryMs === null ? `>${RECOVERY_MS_MAX}` : kill.gapMs.toFixed(0);
}

function legend({ offeredPerSecond, protocols }: Comparison): readonly string[] {
  const rates = protocols.map(({ saturated }) => saturated.transactionsPerSecond);
  const slowest = protocols[rates.indexOf(Math.min(...rates))]?.protocol;
  return [
    'f              validators that may be down',
    `tx/s           closed loop, ${SATURATING.concurrency} requests of ${SATURATING.batch} in flight, each until all of it is final`,
    `all others     open loop, ${offeredPerSecond.toFixed(0)} tx/s: half of the tx/s of ${slowest}, the same for every protocol`,
    'p50, p99       from the time a transaction was due to be sent until it was final',
    'packets, bytes sent by all validators to each other, for each final transaction',
    'gap            longest time without a new final block after the leader was killed (SIGKILL)',
    `f down         share of what was offered that was final within ${FINAL_MS_MAX / 1000} s, and how much a second,`,
    '               with f validators down, the killed leader among them',
  ];
}

/** What the table cannot show. */
function remarks(protocols: readonly ProtocolReport[]): readonly string[] {
  return protocols.flatMap(({ protocol, faultsTolerated, paced }) => [
    ...(paced.final < paced.offered ? [`${protocol}: with all up, ${paced.final} of ${paced.offered} were final`] : []),
    ...(faultsTolerated === 0 ? [`${protocol}: so few validators tolerate none that is down: none was killed`] : []),
  ]);
}
