/**
 * Tests that have a process of their own: they start processes or threads, change what every module of their process
 * sees, or measure real time.
 */
export const APART: readonly string[] = [
  'test/**',
  'apps/node/test/cli/simulate.test.ts',
  'apps/node/test/host/**',
  'apps/node/test/hostile/**',
  'apps/node/test/network/**',
  'apps/node/test/storage/level-store.test.ts',
  'packages/crypto/test/native.test.ts',
  'packages/encoding/test/identifiers.test.ts',
  'packages/encoding/test/native-slices.test.ts',
  'packages/simulation/test/determinism.test.ts',
  'packages/simulation/test/mutants.test.ts',
  'packages/simulation/test/seeds-*.test.ts',
  'packages/simulation/test/report/diagram-page.test.ts',
  'packages/simulation/test/runner/investigate.test.ts',
];
