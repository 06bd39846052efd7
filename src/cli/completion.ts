import type { Command } from 'commander';

/** A bash completion script made from the commands themselves: sub-commands and options at every level. */
export function completionScript(program: Command): string {
  const cases = levels(program, [])
    .map(({ path, words }) => `    "${path}") words="${words}" ;;`)
    .join('\n');
  return `# bash completion for bonusgate: source <(bonusgate completion)
_bonusgate() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _bonusgate bonusgate
`;
}

function levels(command: Command, path: readonly string[]): { path: string; words: string }[] {
  const names = command.commands.map((child) => child.name());
  const options = command.options.flatMap((option) => option.long ?? []);
  const own = { path: path.join(' '), words: [...names, ...options, '--help'].join(' ') };
  return [own, ...command.commands.flatMap((child) => levels(child, [...path, child.name()]))];
}
