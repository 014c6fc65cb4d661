import { runCli } from './cli/run.ts';

// The process ends here whatever timers and sockets are left: every action waits for what it needs.
process.exit(await runCli(process.argv.slice(2)));
