import { type Command, CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { failureOf, usage } from './failure.ts';
import { type Output, Printer } from './printer.ts';
import { buildProgram } from './program.ts';

/**
 * Runs one command line.
 * @param args - Without the program's own name.
 * @returns What the process is to end with.
 */
export async function runCli(args: readonly string[], output: Output = process): Promise<number> {
  const environment = process.env;
  let exitCode: number = EXIT.ok;
  const talked: string[] = [];
  const program = buildProgram(
    {
      output,
      environment,
      setExitCode: (code) => {
        exitCode = code;
      },
    },
    (text) => talked.push(text),
  );
  try {
    await program.parseAsync(namesCommand(program, args) ? args : args.filter((arg) => !HELP_FLAGS.has(arg)), {
      from: 'user',
    });
    return exitCode;
  } catch (error) {
    const printer = new Printer(output, args.includes('--json'));
    if (error instanceof CommanderError) return ended(error, printer, talked.join(''));
    const failure = failureOf(error);
    printer.failure(failure);
    if (failure.code === 'INTERNAL' && error instanceof Error && environment.VARVE_DEBUG)
      printer.talk(String(error.stack));
    return failure.exitCode;
  }
}

const HELP_FLAGS: ReadonlySet<string> = new Set(['-h', '--help']);

/** Whether the words before the first flag name commands that exist: the parser would answer `nonsense --help`. */
function namesCommand(program: Command, args: readonly string[]): boolean {
  let command = program;
  for (const word of args) {
    if (word.startsWith('-') || command.commands.length === 0) return true;
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) return false;
    command = next;
  }
  return true;
}

/** What the parser ended with: help was asked for, or the command line is wrong. */
function ended(error: CommanderError, printer: Printer, talked: string): number {
  if (error.exitCode === 0) return EXIT.ok;
  // A command with subcommands, called without one: its help is the answer to what was wrong.
  if (error.code === 'commander.help') {
    if (printer.json) printer.failure(failureOf(usage('a command is missing')));
    else printer.talk(talked.trimEnd());
    return EXIT.usage;
  }
  printer.failure(failureOf(usage(error.message.replace(/^error: /, ''))));
  return EXIT.usage;
}
