import { defineConfig } from 'vite';

export default defineConfig({
  // Served from any address and path: nothing in the page is absolute.
  base: './',
  resolve: { conditions: ['varve-source', 'browser', 'import', 'module', 'default'] },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022' },
});
