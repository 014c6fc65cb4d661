#!/usr/bin/env node
// Starts the command line on Node 24, which is installed with the dependencies, whatever Node runs this file.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(folder, 'src', 'main.ts');
const isSource = existsSync(source);
const entry = isSource ? source : join(folder, 'dist', 'main.js');
// A small young generation, since most of a validator's garbage is short-lived, and one helper thread for collection.
const memoryFlags = ['--max-semi-space-size=32', '--v8-pool-size=1'];
const flags = isSource
  ? [...memoryFlags, '--conditions=varve-source', '--disable-warning=ExperimentalWarning']
  : memoryFlags;

/** The program that runs the command line. */
function nodeProgram() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) return process.execPath;
  for (const from of [join(folder, 'package.json'), join(folder, '..', '..', 'package.json')]) {
    try {
      return join(dirname(createRequire(from).resolve('node/package.json')), 'bin', 'node');
    } catch {
      // Not among the dependencies of this package; perhaps among those of the workspace.
    }
  }
  process.stderr.write(
    `error: Node ${NODE_MAJOR_MIN} is needed, this is ${process.version}; run "npm run setup" first\n`,
  );
  return process.exit(1);
}

const child = spawn(nodeProgram(), [...flags, entry, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`error: the command line does not start: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === 'SIGABRT' || signal === 'SIGSEGV' || signal === 'SIGBUS') tellAborted(signal);
  process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0));
});

/** Native code ended the process before it could say anything: the database does so on some damage of its files. */
function tellAborted(signal) {
  const code = 'PROCESS_ABORTED';
  const message = `native code ended the process with ${signal}`;
  const hint = 'if the output names leveldb, its files are damaged: see "Damaged disks" in docs/operations.md';
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ code, message, hint })}\n`);
  else process.stderr.write(`error ${code}: ${message}\nhint: ${hint}\n`);
}
