import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { APART } from './test/support/apart.ts';

/**
 * Tests with processes wait a lot and those of seeds compute all the time: side by side they keep every core busy. What
 * shares a process comes last, since a worker ends when it meets a file that is apart; there the long ones come first.
 */
class SideBySide extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOf =
      (folder: RegExp) =>
      ({ moduleId }: TestSpecification): boolean =>
        folder.test(moduleId.slice(import.meta.dirname.length));
    const split = (all: TestSpecification[], is: (file: TestSpecification) => boolean) =>
      [all.filter(is), all.filter((file) => !is(file))] as const;
    const [apart, together] = split(sorted, ({ project }) => project.config.isolate);
    const [waiting, computing] = split(apart, isOf(/^\/(test|apps)\//));
    const [long, short] = split(together, isOf(/^\/packages\/(simulation|tendermint)\/test\//));
    const paired = waiting.flatMap((file, i) => [file, ...computing.slice(i, i + 1)]);
    return [...paired, ...computing.slice(waiting.length), ...long, ...short];
  }
}

const TESTS = ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'];

function testsOf(pattern: string): string {
  return pattern.replace(/\/\*\*$/, '/**/*.test.ts');
}

export default defineConfig({
  resolve: { conditions: ['varve-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['varve-source', 'node', 'import', 'module', 'default'] } },
  test: {
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 3,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'],
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: SideBySide },
    projects: [
      { extends: true, test: { name: 'apart', include: APART.map(testsOf) } },
      {
        // What one file leaves behind is nothing to the next (test/tidy.test.ts).
        extends: true,
        test: { name: 'together', include: TESTS, exclude: [...APART], isolate: false },
      },
    ],
  },
});
