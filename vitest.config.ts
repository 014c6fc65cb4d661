import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { APART } from './test/support/apart.ts';

/**
 * Tests with processes wait a lot and those of seeds compute all the time: side by side they keep every core busy. All
 * others are short, and end the run: one worker takes many of them, unless a file that is apart comes between.
 */
class SideBySide extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOf =
      (folder: RegExp) =>
      ({ moduleId }: TestSpecification): boolean =>
        folder.test(moduleId.slice(import.meta.dirname.length));
    const apart = sorted.filter(isApart);
    const waiting = apart.filter(isOf(/^\/(test|apps)\//));
    const computing = apart.filter((file) => !waiting.includes(file));
    const rest = sorted.filter((file) => !isApart(file));
    const paired = waiting.flatMap((file, i) => [file, ...computing.slice(i, i + 1)]);
    return [...paired, ...computing.slice(waiting.length), ...rest];
  }
}

const TESTS = ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'];

function testsOf(pattern: string): string {
  return pattern.replace(/\/\*\*$/, '/**/*.test.ts');
}

function isApart({ project }: TestSpecification): boolean {
  return project.config.isolate;
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
