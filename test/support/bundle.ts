import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** What is used of vite, which only the explorer depends on. */
interface Vite {
  build(
    options: object,
  ): Promise<{ readonly output: readonly { readonly code: string; readonly imports: readonly string[] }[] }[]>;
}

/** One minified module of everything that `@varve/verify` is, as a browser would load it. */
export async function verifyBundle(): Promise<string> {
  const explorer = createRequire(join(ROOT, 'apps', 'explorer', 'package.json'));
  const vite = (await import(explorer.resolve('vite'))) as Vite;
  const results = await vite.build({
    root: join(ROOT, 'packages', 'verify'),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['varve-source', 'browser', 'import', 'module', 'default'] },
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      rolldownOptions: { output: { minify: true } },
      lib: { entry: join(ROOT, 'packages', 'verify', 'src', 'index.ts'), formats: ['es'], fileName: 'verify' },
    },
  });
  const chunks = results.flatMap(({ output }) => output);
  const [only] = chunks;
  if (only === undefined || chunks.length > 1 || only.imports.length > 0) throw new Error('the bundle is not whole');
  return only.code;
}
