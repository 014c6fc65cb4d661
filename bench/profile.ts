import { fileURLToPath } from 'node:url';

/** Where time was spent, as V8 names it; a call frame of a `.cpuprofile`. */
interface CallFrame {
  readonly functionName: string;
  /** A file's URL, `node:…`, `wasm://…`, or empty for what is none of the program's. */
  readonly url: string;
  /** From 0; -1 where there is none. */
  readonly lineNumber: number;
}

/** What is read of a `.cpuprofile`: Chrome DevTools protocol, `Profiler.Profile`. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  /** The node of each sample, and the microseconds before it since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Self time, microseconds, by function and by package; waiting is left out. */
export interface SelfTimes {
  readonly busyMicros: number;
  readonly functions: ReadonlyMap<string, number>;
  readonly packages: ReadonlyMap<string, number>;
}

/** What V8 calls the time in which nothing ran. */
const IDLE = '(idle)';

/**
 * Reads the text of a `.cpuprofile`.
 * @throws {TypeError} for anything else.
 */
export function parseProfile(text: string): CpuProfile {
  const profile = JSON.parse(text) as Partial<CpuProfile>;
  const { nodes, samples, timeDeltas } = profile;
  if (!Array.isArray(nodes) || !Array.isArray(samples) || !Array.isArray(timeDeltas))
    throw new TypeError('this is no profile: nodes, samples or timeDeltas are missing');
  return { nodes, samples, timeDeltas };
}

/** Where a process spent its time: each sample counts for its own function, as long as until the next sample. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTimes {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let busyMicros = 0;
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id);
    // Delta i lies before sample i; clocks of several cores may make it negative.
    const micros = Math.max(0, timeDeltas[i + 1] ?? 0);
    if (frame === undefined || frame.functionName === IDLE || micros === 0) continue;
    busyMicros += micros;
    add(functions, functionLabel(frame), micros);
    add(packages, packageOf(frame), micros);
  }
  return { busyMicros, functions, packages };
}

/** Several processes as one. */
export function summed(all: readonly SelfTimes[]): SelfTimes {
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  for (const times of all) {
    for (const [name, micros] of times.functions) add(functions, name, micros);
    for (const [name, micros] of times.packages) add(packages, name, micros);
  }
  return { busyMicros: all.reduce((sum, { busyMicros }) => sum + busyMicros, 0), functions, packages };
}

/** Shares of busy time, in [0, 1]. */
export interface ShareRow {
  readonly name: string;
  readonly busiest: number;
  readonly all: number;
}

/** The largest shares of one and of all, in falling order of the former. */
export function shareRows(
  busiest: SelfTimes,
  all: SelfTimes,
  kind: 'functions' | 'packages',
  count: number,
): readonly ShareRow[] {
  const share = ({ busyMicros, ...maps }: SelfTimes, name: string): number =>
    busyMicros === 0 ? 0 : (maps[kind].get(name) ?? 0) / busyMicros;
  return [...busiest[kind]]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([name]) => ({ name, busiest: share(busiest, name), all: share(all, name) }));
}

/** `name file:line (package)`; V8's own, such as `(garbage collector)`, stands alone. */
function functionLabel(frame: CallFrame): string {
  const { functionName, url, lineNumber } = frame;
  if (url === '') return functionName || '(anonymous)';
  const file = url.slice(url.lastIndexOf('/') + 1);
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1} (${packageOf(frame)})`;
}

/** The npm package or workspace package of a frame; `node` for Node's own, `wasm`, or what V8 calls its own. */
function packageOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  if (url.startsWith('node:')) return 'node';
  if (url.startsWith('wasm:')) return 'wasm';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const installed = path.lastIndexOf('/node_modules/');
  if (installed >= 0) {
    const [first = '', second = ''] = path.slice(installed + '/node_modules/'.length).split('/');
    return first.startsWith('@') ? `${first}/${second}` : first;
  }
  const own = /\/(?:packages|apps)\/([^/]+)\/(?:src|dist|bin)\//.exec(path)?.[1];
  return own === undefined ? path : `@varve/${own}`;
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}
