// Compiles the batch verifier to WebAssembly and writes it as a module that Node, bundlers and browsers load alike.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));
const generated = join(dirname(folder), 'src', 'generated');
const binary = join(generated, 'batch.wasm');
/** Pages of 64 KiB. Memory never grows: views on it stay valid. */
const PAGES = '176';

mkdirSync(generated, { recursive: true });
const { error, stderr } = await main([
  join(folder, 'batch.ts'),
  ...['--outFile', binary, '-O3', '--converge', '--noAssert', '--runtime', 'stub'],
  ...['--enable', 'simd', '--initialMemory', PAGES, '--maximumMemory', PAGES],
]);
if (error) {
  process.stderr.write(`${stderr}\n${error.message}\n`);
  process.exit(1);
}
const base64 = readFileSync(binary).toString('base64');
rmSync(binary);
writeFileSync(
  join(generated, 'batch-module.ts'),
  `/** WebAssembly made of packages/crypto/assembly by the set-up, in base64. */\nexport const BATCH_MODULE: string =\n  '${base64}';\n`,
);
