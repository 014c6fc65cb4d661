import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Output } from './printer.ts';
import { Printer } from './printer.ts';

/** What every action gets. */
export interface ActionContext {
  readonly printer: Printer;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What all commands are built with. */
export interface CommandHost {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Sets what the process ends with when an action succeeds but says so. */
  setExitCode(code: number): void;
}

/** An action resolves with an exit code, or nothing for success. */
export type Action = (context: ActionContext, args: readonly string[], options: Options) => Promise<number | undefined>;

/** The options of one call, read with the type that their definition gives them. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#values[name];
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }
}

/** A group of commands. */
export function group(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).helpCommand(false);
}

/**
 * A command that does something. `load` imports its action, so that help costs nothing.
 * @param usageText - Name and arguments, such as `block <height>`.
 * @param examples - Shown before everything else.
 */
export function leaf(
  host: CommandHost,
  parent: Command,
  usageText: string,
  description: string,
  examples: readonly string[],
  load: () => Promise<Action>,
): Command {
  return act(host, parent.command(usageText).description(description), examples, load);
}

/** Gives a command its action and `--json`. */
export function act(
  host: CommandHost,
  command: Command,
  examples: readonly string[],
  load: () => Promise<Action>,
): Command {
  const lines = examples.map((example) => `  varve ${example}\n`).join('');
  return command
    .addHelpText('before', `Examples:\n${lines}`)
    .option('--json', 'print one JSON object: the result or the error')
    .action(async () => {
      const args = command.processedArgs.flat().filter((value) => typeof value === 'string');
      const options = new Options(command.opts());
      const printer = new Printer(host.output, options.flag('json'));
      const action = await load();
      const code = await action({ printer, environment: host.environment }, args, options);
      if (code !== undefined) host.setExitCode(code);
    });
}

/** An option with a variable of the environment behind it. */
export function option(flags: string, description: string, environment?: string): Option {
  const made = new Option(flags, description);
  return environment === undefined ? made : made.env(environment);
}

/** An option that can be given more than once. */
export function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, previous: unknown) => [
    ...(Array.isArray(previous) ? previous : []),
    value,
  ]);
}

/** An option that takes a whole number. */
export function whole(flags: string, description: string, min: number, max: number): Option {
  return new Option(flags, description).argParser((value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  });
}
