import { Argument, type Command } from 'commander';
import { type CommandHost, leaf } from '../command.ts';

/** Shell completion, made from the command tree itself. */
export function addCompletionCommand(host: CommandHost, program: Command): void {
  const command = leaf(
    host,
    program,
    'completion',
    'print a completion script',
    ['completion bash > ~/.local/share/bash-completion/completions/varve', 'completion fish | source'],
    async () => {
      const { completionScript } = await import('../actions/completion.ts');
      return async ({ printer }, [shell = '']) => {
        const script = completionScript(program, shell);
        printer.result({ shell, script }, script);
        return undefined;
      };
    },
  );
  command.addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']));
}
