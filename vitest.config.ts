import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Tests with processes wait a lot and those of the simulator compute all the time: side by side they keep every core
 * busy. All others are short, and end the run.
 */
class SideBySide extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOf =
      (folder: RegExp) =>
      ({ moduleId }: TestSpecification): boolean =>
        folder.test(moduleId.slice(import.meta.dirname.length));
    const waiting = sorted.filter(isOf(/^\/(test|apps)\//));
    const computing = sorted.filter(isOf(/^\/packages\/(simulation|tendermint)\/test\//));
    const rest = sorted.filter((file) => !waiting.includes(file) && !computing.includes(file));
    const paired = waiting.flatMap((file, i) => [file, ...computing.slice(i, i + 1)]);
    return [...paired, ...computing.slice(waiting.length), ...rest];
  }
}

export default defineConfig({
  resolve: { conditions: ['varve-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['varve-source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 3,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'],
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: SideBySide },
  },
});
