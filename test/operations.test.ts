import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../apps/node/src/cli/program.ts';

type Command = ReturnType<typeof buildProgram>;

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
const silent = { write: () => true };
const program = buildProgram(
  { output: { stdout: silent, stderr: silent } as never, environment: {}, setExitCode: () => undefined },
  () => undefined,
);

/** Lines of the shell examples, continued ones joined. */
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
  .filter((line) => line.startsWith('varve '));

/** The command that the words after `varve` name, and the words that are left. */
function resolved(words: readonly string[], from: Command = program): { command: Command; rest: readonly string[] } {
  const [first, ...rest] = words;
  const next = from.commands.find((command) => command.name() === first);
  return next ? resolved(rest, next) : { command: from, rest: words };
}

describe('docs/operations.md', () => {
  it('lists every metric, and no other', () => {
    const source = readFileSync(join(root, 'apps', 'node', 'src', 'api', 'metrics.ts'), 'utf8');
    const named = [
      ...source.matchAll(/^ {2,4}\[?\s*'([a-z0-9_]+)',/gm),
      ...source.matchAll(/#(?:gauge|counter)\('([a-z0-9_]+)'/g),
      ...source.matchAll(/\$\{PREFIX\}([a-z0-9_]+)`/g),
    ].map(([, name]) => `varve_${name}`);
    const documented = [...page.matchAll(/^\| `(varve_[a-z0-9_]+)` \|/gm)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(15);
    expect(documented.sort()).toEqual(named.sort());
  });

  it('has commands', () => {
    expect(commands.length).toBeGreaterThan(20);
  });

  it.each(commands)('%s: its command and options exist', (line) => {
    const { command, rest } = resolved(line.split(/\s+/).slice(1));
    expect(command.commands).toEqual([]);
    const flags = rest.filter((word) => word.startsWith('--'));
    expect(flags.filter((flag) => !command.options.some(({ long }) => long === flag))).toEqual([]);
  });
});
