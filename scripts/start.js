// Sets up what is missing, then runs a development network; arguments go to `varve devnet`.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { root, setUp } from './setup.js';

setUp();
const varve = join(root, 'apps', 'node', 'bin', 'varve.js');
const child = spawn(process.execPath, [varve, 'devnet', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// A signal that reaches npm alone ends the shell between npm and this process, but is not passed on.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 250).unref();
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
