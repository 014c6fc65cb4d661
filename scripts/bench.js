// Runs the benchmark on the installed Node 24.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './environment.js';

await setUp();
const node = join(root, 'node_modules', '.bin', 'node');
const child = spawn(
  node,
  [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    join(root, 'bench', 'main.ts'),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
