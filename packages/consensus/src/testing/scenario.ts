import { toHex } from '@varve/encoding';
import type { Protocol } from '../contract.ts';
import type { Invariants } from './ensemble.ts';
import { perform } from './scenario-commands.ts';
import { Stage } from './scenario-stage.ts';
import { violated } from './violation.ts';

export interface ScenarioOptions<M> {
  readonly invariants?: () => Invariants<M>;
  /** Hard state in words; by default its bytes. */
  readonly describeHardState?: (bytes: Uint8Array) => string;
}

/**
 * Runs a scenario: blocks of commands, one a line, then a line `----`, what happened, and an empty line. A line that
 * begins with `#` is a comment. Each node has its own clock, and nothing happens unless a command says so.
 *
 * `start N [window N]`, `elect a`, `propose a x y`, `deliver a->b [count]`, `drop a->b [count]`, `duplicate a->b`,
 * `persist a [count]`, `tick a [ms]` (to its next deadline), `leap a ms`, `crash a [writes that survive]`, `restart a`,
 * `partition a | b c`, `heal`, `link a->b down`, `read a`, `drain a`, `transfer a b`, `certify a`, `sync a`,
 * `stabilize [a b]`, `status`, `log on`. A `*` in a link stands for every node.
 * @returns The same text with what really happened.
 */
export function runScenario<M>(protocol: Protocol<M>, text: string, options: ScenarioOptions<M> = {}): string {
  const out: string[] = [];
  let stage: Stage<M> | undefined;
  let isOutput = false;
  let isPending = false;
  const flush = () => {
    if (!isPending) return;
    const lines = stage?.takeLines() ?? [];
    out.push('----', ...(lines.length > 0 ? lines : ['ok']), '');
    isPending = false;
  };
  text.split('\n').forEach((line, i) => {
    if (line === '----') isOutput = true;
    if (line === '') {
      flush();
      if (!isOutput && out.at(-1) !== '') out.push('');
      isOutput = false;
    }
    if (isOutput || line === '') return;
    out.push(line);
    if (line.startsWith('#')) return;
    isPending = true;
    stage = locate(i + 1, line, () => stepScenario(protocol, stage, line, options));
  });
  flush();
  locate(out.length, 'the end', () => stage?.check());
  while (out.at(-1) === '') out.pop();
  return `${out.join('\n')}\n`;
}

function stepScenario<M>(
  protocol: Protocol<M>,
  stage: Stage<M> | undefined,
  line: string,
  options: ScenarioOptions<M>,
): Stage<M> {
  if (!line.startsWith('start ')) {
    if (!stage) return violated('a scenario begins with `start`');
    perform(stage, line);
    return stage;
  }
  const [, n, , window] = line.split(/ +/);
  const invariants = options.invariants?.();
  const started = new Stage(
    protocol,
    {
      n: Number(n),
      seed: 'scenario',
      record: true,
      ...(invariants ? { invariants } : {}),
      ...(window === undefined ? {} : { engine: { window: { payloads: Number(window), bytes: 1e9 } } }),
    },
    options.describeHardState ?? toHex,
  );
  for (const id of started.ids) started.boot(id);
  return started;
}

function locate<T>(line: number, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    return violated(`line ${line}, ${what}: ${error instanceof Error ? error.message : error}`, error);
  }
}

/**
 * Compares what a scenario's file says with what happened.
 * @param advice - How to accept what happened, for the message.
 * @throws {AssertionError} with the lines that differ.
 */
export function expectScenario(name: string, expected: string, actual: string, advice: string): void {
  if (expected === actual) return;
  violated(`${name} differs (- file, + what happened; ${advice}):\n${difference(expected, actual).join('\n')}`);
}

/** Lines removed and added, each run of them with the line before, by longest common subsequence. */
function difference(expected: string, actual: string): readonly string[] {
  const [a, b] = [expected.split('\n'), actual.split('\n')];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  let before: string | undefined;
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) {
      before = `  ${i + 1}: ${a[i]}`;
      i += 1;
      j += 1;
      continue;
    }
    if (before !== undefined) lines.push(before);
    before = undefined;
    const isRemoved = j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1));
    lines.push(isRemoved ? `- ${a[i]}` : `+ ${b[j]}`);
    if (isRemoved) i += 1;
    else j += 1;
  }
  return lines;
}
