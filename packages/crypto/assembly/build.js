// Compiles the batch verifier to WebAssembly and writes it as a module that Node, bundlers and browsers load alike.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from './compile.js';

const generated = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src', 'generated');
/** 11 MiB, most of them tables of keys. */
const PAGES = 176;

const base64 = Buffer.from(await compile('batch.ts', PAGES)).toString('base64');
mkdirSync(generated, { recursive: true });
writeFileSync(
  join(generated, 'batch-module.ts'),
  `/** WebAssembly made of packages/crypto/assembly by the set-up, in base64. */\nexport const BATCH_MODULE: string =\n  '${base64}';\n`,
);
