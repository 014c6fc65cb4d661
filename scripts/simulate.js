// Sets up what is missing, then runs a long simulation, the hunt for planted bugs, the measuring of elections or of
// partial partitions, or the comparison of signature verifiers; other arguments go to it.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { node, root, setUp } from './setup.js';

const [what, ...rest] = process.argv.slice(2);
setUp({ quiet: true });
const flags = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'];
const folder = ['mutants', 'elections', 'partial'].find((name) => name === what) ?? 'long';
const path = what === 'fuzz' ? ['crypto', 'fuzz'] : ['simulation', folder];
const main = join(root, 'packages', ...path, 'main.ts');
const child = spawn(node, [...flags, main, ...rest], { stdio: 'inherit' });
// A signal ends the simulation, which tells what it found until then; one may arrive twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
