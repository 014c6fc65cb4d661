import type { Command } from 'commander';
import { usage } from '../failure.ts';

/** What may follow one chain of commands. */
interface Place {
  /** Names of the commands walked, such as `devnet kill`; empty at the start. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

/** A script that completes commands and options of `program` in `shell`. */
export function completionScript(program: Command, shell: string): string {
  const places = placesOf(program, '');
  if (shell === 'bash') return bash(places);
  if (shell === 'zsh') return `#compdef varve\nautoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
  if (shell === 'fish') return fish(places);
  throw usage(`there is no completion for "${shell}"`, 'use bash, zsh or fish');
}

function placesOf(command: Command, path: string): readonly Place[] {
  const commands = command.commands.map((sub) => ({ word: sub.name(), description: sub.description() }));
  const options = command.options.map((option) => ({ word: option.long ?? '', description: option.description }));
  const words = [...commands, ...options, { word: '--help', description: 'display help for command' }];
  const below = command.commands.flatMap((sub) => placesOf(sub, `${path} ${sub.name()}`.trim()));
  return [{ path, words }, ...below];
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => `    "${path}") words="${words.map(({ word }) => word).join(' ')}" ;;`);
  return `# Completion of varve: commands and options; file names where it knows nothing better.
_varve() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" i next
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in -*) break ;; esac
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
${places
  .slice(1)
  .map(({ path }) => `      "${path}") path="$next" ;;`)
  .join('\n')}
      *) break ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _varve varve
`;
}

function fish(places: readonly Place[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = places.flatMap(({ path, words }) => {
    const below = places.filter((place) => place.path.startsWith(path === '' ? '' : `${path} `) && place.path !== path);
    const next = [...new Set(below.map((place) => place.path.slice(path.length).trim().split(' ')[0] ?? ''))];
    const condition = [...path.split(' ').filter((word) => word !== '')].map(
      (word) => `__fish_seen_subcommand_from ${word}`,
    );
    if (next.length > 0) condition.push(`not __fish_seen_subcommand_from ${next.join(' ')}`);
    const when = condition.length > 0 ? ` -n ${quoted(condition.join('; and '))}` : '';
    return words.map(({ word, description }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c varve${when} ${what} -d ${quoted(description)}`;
    });
  });
  return `# Completion of varve.\n${lines.join('\n')}\n`;
}
