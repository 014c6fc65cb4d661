import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Enough for days. */
const SEEDS_MAX = 1_000_000;

/** Options of a command for developers; wrong ones end the process with 2 and say `usage`. */
export function optionsOr<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    return process.exit(2);
  }
}

/** Seeds from 1 to what `--seeds`, the only option, says. */
export function seedsOr(usage: string, countDefault: number): readonly number[] {
  const { values } = optionsOr(usage, { options: { seeds: { type: 'string', default: String(countDefault) } } });
  const count = Number(values.seeds);
  if (Number.isInteger(count) && count > 0 && count <= SEEDS_MAX) return Array.from({ length: count }, (_, i) => i + 1);
  process.stderr.write(usage);
  return process.exit(2);
}
