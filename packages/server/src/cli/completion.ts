import { Command } from 'commander'
import { CliError } from './exit.js'

/** `launchtail completion`: what a shell needs to complete commands and flags. */
export function completionCommand(program: () => Command): Command {
  return new Command('completion')
    .description('Print the completion for a shell.')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail completion bash > /etc/bash_completion.d/launchtail
  $ launchtail completion fish > ~/.config/fish/completions/launchtail.fish
`,
    )
    .action((shell: string) => {
      const write = SHELLS[shell]
      if (!write) throw new CliError(`no completion for "${shell}"; there is bash, zsh and fish`)
      process.stdout.write(write(program().commands))
    })
}

const SHELLS: Record<string, (commands: readonly Command[]) => string> = { bash, zsh, fish }

function bash(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) => `    ${command.name()}) words="${flags(command).join(' ')}" ;;`,
  )
  return `_launchtail() {
  local words="${commands.map((command) => command.name()).join(' ')}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _launchtail launchtail
`
}

/** zsh reads what bash does. */
function zsh(commands: readonly Command[]): string {
  return `#compdef launchtail\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c launchtail -f -n __fish_use_subcommand -a ${command.name()} -d '${command.description().replaceAll("'", "\\'")}'`,
    ...flags(command).map(
      (flag) =>
        `complete -c launchtail -n '__fish_seen_subcommand_from ${command.name()}' -l ${flag.slice(2)}`,
    ),
  ])
  return `${lines.join('\n')}\n`
}

function flags(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? [])
}
