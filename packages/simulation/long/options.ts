import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Options of a command for developers; wrong ones end the process with 2 and say `usage`. */
export function optionsOr<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    return process.exit(2);
  }
}
