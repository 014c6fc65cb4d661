import { raft } from '@varve/raft';
import { simulate } from './src/simulation.ts';

const [n, from, to, ms] = process.argv.slice(2).map(Number);
let cpu = process.cpuUsage().user;
for (let seed = from!; seed <= to!; seed++) {
  const r = simulate({ protocol: raft as never, validators: n!, seed, durationMs: ms ?? 30000 });
  const c = process.cpuUsage().user;
  console.log(
    seed,
    r.traceHash.slice(0, 8),
    'v',
    r.violations.length,
    'ms',
    r.virtualMs,
    'tx',
    r.transactions,
    'h',
    r.height,
    'live',
    r.livenessMs,
    r.isCounted,
    'steps',
    r.steps,
    'pk',
    r.packets,
    JSON.stringify(r.faults),
    ((c - cpu) / 1e6).toFixed(2) + 's',
  );
  cpu = c;
  for (const v of r.violations.slice(0, 2)) console.log('   !!', v.at, v.check, v.text.slice(0, 700));
}
