// Sets up what is missing, then measures; arguments go to the benchmark.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { node, root, setUp } from './setup.js';

setUp({ quiet: true });
const flags = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'];
const child = spawn(node, [...flags, join(root, 'bench', 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the benchmark itself, which stops its network.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGINT'));
child.on('exit', (code) => process.exit(code ?? 1));
