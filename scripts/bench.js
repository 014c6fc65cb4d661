// Sets up what is missing, then measures: Varve alone, beside its peers, or as it grows; other arguments go to it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { node, root, setUp } from './setup.js';

const [first, ...rest] = process.argv.slice(2);
const isNamed = ['peers', 'scale', 'page'].includes(first);
const main = join(root, 'bench', ...(isNamed ? [first] : []), 'main.ts');
setUp({ quiet: true });
const flags = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'];
const words = isNamed ? rest : process.argv.slice(2);
const child = spawn(node, [...flags, main, ...words], { stdio: 'inherit' });
// Ctrl-C reaches the benchmark itself, which stops its network.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGINT'));
child.on('exit', (code) => process.exit(code ?? 1));
