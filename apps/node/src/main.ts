import { EXIT } from './cli/exit-codes.ts';
import { runCli } from './cli/run.ts';

const exitCode = await runCli(process.argv.slice(2));
const unwritten = process.stdout.errored;
// Whoever reads no further, as `head` does, has what they want.
if (unwritten && !('code' in unwritten && unwritten.code === 'EPIPE')) {
  process.stderr.write(`error FILE_FAILED: the result cannot be written: ${unwritten.message}\n`);
  process.exit(EXIT.configuration);
}
// The process ends here whatever timers and sockets are left: every action waits for what it needs.
process.exit(exitCode);
