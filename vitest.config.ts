import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['varve-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['varve-source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
