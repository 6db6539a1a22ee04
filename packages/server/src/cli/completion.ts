import { Argument, Command, type Option } from 'commander'
import { CliError } from './exit.js'

/** `launchtail completion`: prints a script that completes commands, flags and their values. */
export function completionCommand(program: () => Command): Command {
  return new Command('completion')
    .description('Print the completion script for a shell.')
    .addArgument(
      new Argument('<shell>', 'bash, zsh or fish').choices(SHELL_NAMES).argParser(shellOf),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail completion bash > /etc/bash_completion.d/launchtail
  $ launchtail completion fish > ~/.config/fish/completions/launchtail.fish
`,
    )
    .action((shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](program().commands))
    })
}

const SHELLS = { bash, zsh, fish }
const SHELL_NAMES = Object.keys(SHELLS)

function shellOf(name: string): string {
  if (SHELL_NAMES.includes(name)) return name
  throw new CliError(`there is no completion for "${name}", only for bash, zsh and fish`)
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const words = [...flagsOf(command), ...valuesOf(command), ...namesBelow(command)]
    return `    ${command.name()}) words="${words.join(' ')}" ;;`
  })
  const below = commands.flatMap((command) =>
    command.commands.map((one) => {
      const words = [...flagsOf(one), ...valuesOf(one)]
      return `    "${command.name()} ${one.name()}") words="${words.join(' ')}" ;;`
    }),
  )
  const values = commands
    .flatMap((command) => [command, ...command.commands])
    .flatMap((command) =>
      command.options.flatMap((option) =>
        option.argChoices
          ? [`    ${patterns(command, option)}) words="${choices(option)}" ;;`]
          : [],
      ),
    )
  return `_launchtail() {
  local words="${commands.map((command) => command.name()).join(' ')}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
    if [ "$COMP_CWORD" -gt 2 ]; then
      case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${below.join('\n')}
      esac
    fi
    case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _launchtail launchtail
`
}

/** zsh can run the script for bash. */
function zsh(commands: readonly Command[]): string {
  return `#compdef launchtail\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const here = `complete -c launchtail -n '__fish_seen_subcommand_from ${command.name()}'`
    return [
      `complete -c launchtail -f -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`,
      ...command.options.map((option) => {
        const values = option.argChoices ? ` -x -a '${choices(option)}'` : ''
        return `${here} -l ${(option.long ?? '').slice(2)}${values} -d ${quoted(option.description)}`
      }),
      ...(valuesOf(command).length > 0 ? [`${here} -f -a '${valuesOf(command).join(' ')}'`] : []),
      ...command.commands.flatMap((below) => fishBelow(here, command, below)),
    ]
  })
  return `${lines.join('\n')}\n`
}

/** A command below another one, offered until one of its kind is there. */
function fishBelow(here: string, command: Command, below: Command): string[] {
  const names = namesBelow(command).join(' ')
  const free = here.replace(/'$/, `; and not __fish_seen_subcommand_from ${names}'`)
  const chosen = here.replace(/'$/, `; and __fish_seen_subcommand_from ${below.name()}'`)
  return [
    `${free} -f -a ${below.name()} -d ${quoted(below.description())}`,
    ...below.options.map((option) => {
      const values = option.argChoices ? ` -x -a '${choices(option)}'` : ''
      return `${chosen} -l ${(option.long ?? '').slice(2)}${values} -d ${quoted(option.description)}`
    }),
  ]
}

function namesBelow(command: Command): string[] {
  return command.commands.map((below) => below.name())
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? [])
}

function valuesOf(command: Command): readonly string[] {
  return command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
}

function patterns(command: Command, { short, long }: Option): string {
  // The script is given the first word and the one before; between them is a command below the first.
  const first = command.parent?.parent ? command.parent.name() : command.name()
  return [short, long].flatMap((flag) => (flag ? [`"${first} ${flag}"`] : [])).join('|')
}

function choices({ argChoices = [] }: Option): string {
  return argChoices.join(' ')
}
