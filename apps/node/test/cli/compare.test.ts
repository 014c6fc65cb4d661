import { PROTOCOL_NAMES } from '@varve/consensus';
import { describe, expect, it } from 'vitest';
import { Options } from '../../src/cli/command.ts';
import type { Comparison, ProtocolReport } from '../../src/cli/compare/compare.ts';
import { planOf } from '../../src/cli/compare/plan.ts';
import { comparisonText } from '../../src/cli/compare/report.ts';
import { varve } from './harness.ts';

const [FIRST = 'raft', SECOND = 'tendermint'] = PROTOCOL_NAMES;

describe('options of devnet compare', () => {
  const planWith = (changes: object = {}) =>
    planOf(new Options({ transactions: '300B', validators: 4, seconds: 5, ...changes }));

  it('name every engine of the program, or some in the order written, each once', () => {
    expect(planWith()).toEqual({ protocols: PROTOCOL_NAMES, validators: 4, seconds: 5, transactionBytes: 300 });
    expect(planWith({ protocols: `${SECOND},${FIRST},${SECOND}` }).protocols).toEqual([SECOND, FIRST]);
  });

  it.each([
    { args: ['--protocols', `${FIRST},pow`], message: '"pow"', hint: PROTOCOL_NAMES.join(', ') },
    { args: ['--protocols', ''], message: '""', hint: PROTOCOL_NAMES.join(', ') },
    { args: ['--protocols', `${FIRST}, ${SECOND}`], message: `" ${SECOND}"`, hint: PROTOCOL_NAMES.join(', ') },
    { args: ['--transactions', 'much'], message: '"much"', hint: '300B' },
    { args: ['--transactions', '0'], message: '"0"', hint: '300B' },
    { args: ['--validators', '0'], message: 'from 1 to 32', hint: '--help' },
    { args: ['--seconds', '0'], message: 'from 1 to 60', hint: '--help' },
    { args: ['--seconds', 'long'], message: 'from 1 to 60', hint: '--help' },
    { args: ['--faults', 'all'], message: '--faults', hint: '--help' },
  ])('$args are refused before anything starts', async ({ args, message, hint }) => {
    const told = await varve(['devnet', 'compare', ...args, '--json']);
    expect(told).toMatchObject({ exitCode: 2, stderr: '' });
    const failure = JSON.parse(told.stdout);
    expect(failure.code).toBe('USAGE');
    expect(failure.message).toContain(message);
    expect(failure.hint).toContain(hint);
  });

  it('of a size that no transaction has are refused with the sizes that there are', async () => {
    const told = await varve(['devnet', 'compare', '--transactions', '20B']);
    expect(told.exitCode).toBe(2);
    expect(told.stderr).toMatch(
      /^error TRANSACTION_SIZE_UNREACHABLE: .* exactly 20 bytes: the smallest has \d+, .*\nhint: /,
    );
  });

  it('are explained, and completed', async () => {
    const { stdout } = await varve(['devnet', 'compare', '--help']);
    expect(stdout).toMatch(/^Examples:\n {2}varve devnet compare\n/);
    for (const option of ['protocols', 'validators', 'seconds', 'transactions', 'json'])
      expect(stdout).toMatch(new RegExp(`^  --${option}( <\\S+>)? +\\w`, 'm'));
    expect((await varve(['completion', 'bash'])).stdout).toMatch(/"devnet compare"\) words=".*--protocols/);
  });
});

describe('the table of devnet compare', () => {
  const latencyMs = { p50: 12_345.6, p99: 23_456.7 };
  const down = { validators: ['validator-1'], offered: 1_000_000, final: 999_990, seconds: 10, latencyMs };
  const report: ProtocolReport = {
    protocol: 'tendermint',
    faultModel: 'byzantine',
    faultsTolerated: 10,
    saturated: { transactionsPerSecond: 123_456.7, transactions: 1_234_567, seconds: 10, latencyMs },
    paced: { offered: 100, final: 100, seconds: 1, latencyMs, packets: 2_000, bytes: 12_345_678 },
    leaderKill: { ...down, killed: 'validator-1', gapMs: 1_234.5, recoveryMs: 1_100 },
    down,
  };
  const comparison: Comparison = {
    machine: '2 × a processor, 24 GiB, Node v24.0.0',
    validators: 32,
    transactionBytes: 32_768,
    seconds: 60,
    offeredPerSecond: 61_728.4,
    protocols: [{ ...report, protocol: 'zab' }, report],
  };
  const rowsOf = (text: string): string[][] =>
    text.split('\n').map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));

  it('fits 100 columns with the largest figures', () => {
    const text = comparisonText(comparison);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
    const rows = rowsOf(text);
    expect(rows[3]).toHaveLength(10);
    expect(rows[3]?.slice(0, 3)).toEqual(['protocol', 'f', 'tx/s']);
    expect(rows[5]?.slice(0, 7)).toEqual(['tendermint', '10', '123457', '12346', '23457', '20.00', '123457']);
    expect(rows[5]?.slice(7)).toEqual(['1235', '100.0 %', '99999']);
  });

  it('says at which rate protocols are compared, and whose it is', () => {
    const fast = { ...report, saturated: { ...report.saturated, transactionsPerSecond: 200_000 } };
    const text = comparisonText({ ...comparison, protocols: [{ ...fast, protocol: 'raft' }, report] });
    expect(text).toContain('61728 tx/s: half of the tx/s of tendermint');
  });

  it('shows what did not recover, and what became of little', () => {
    const stuck: ProtocolReport = {
      ...report,
      leaderKill: { ...down, final: 0, latencyMs: null, killed: 'validator-1', gapMs: 33_000, recoveryMs: null },
      down: { ...down, offered: 100, final: 0, latencyMs: null },
      paced: { ...report.paced, final: 99 },
    };
    const text = comparisonText({ ...comparison, protocols: [stuck] });
    expect(rowsOf(text)[4]?.slice(-3)).toEqual(['>30000', '0.0 %', '0']);
    expect(text).toContain('tendermint: with all up, 99 of 100 were final');
  });

  it('has no figures of kills where none was tolerated, and says so', () => {
    const text = comparisonText({
      ...comparison,
      protocols: [{ ...report, faultsTolerated: 0, leaderKill: null, down: null }],
    });
    expect(rowsOf(text)[4]?.slice(-3)).toEqual(['-', '-', '-']);
    expect(text).toContain('tendermint: so few validators tolerate none that is down');
  });
});
