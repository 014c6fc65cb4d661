// Sets up what is missing, then runs the tests; arguments go to vitest. The last line counts them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { node, root, setUp } from './setup.js';

setUp({ quiet: true });
const folder = mkdtempSync(join(tmpdir(), 'varve-test-'));
const report = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
// Ctrl-C reaches vitest itself; this process stays to count.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
const { status, signal } = spawnSync(node, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  // Hundreds of processes start the same program: they compile it once.
  env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
});
let counted = 0;
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
  counted = numPassedTests + numFailedTests;
  process.stdout.write(
    `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped\n`,
  );
} catch {
  process.stderr.write('error: the tests ended without a report\n');
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? (counted > 0 ? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0) : 1));
