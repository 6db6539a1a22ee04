import { createProgram } from '../packages/server/src/cli/program.js'

type Command = ReturnType<typeof createProgram>

/** The manual page in roff, generated from the commands' help. */
export function manPage(version: string): string {
  const program = createProgram()
  const commands = program.commands.flatMap((command) => [
    section(command),
    ...command.commands.map((below) => section(below, `${command.name()} `)),
  ])
  return `.TH LAUNCHTAIL 1 "" "Launchtail ${version}"
.SH NAME
launchtail \\- ${roff(program.description())}
.SH SYNOPSIS
.B launchtail
.I command
[options]
.SH DESCRIPTION
${roff(program.description())}
The address of the server is taken from
.BR \\-\\-url ,
from
.BR LAUNCHTAIL_URL ,
from
.BR "launchtail login" ,
or from the data folder in the current folder, if its server runs;
the admin token from
.BR \\-\\-token\\-file ,
.BR LAUNCHTAIL_ADMIN_TOKEN ,
the login, or the data folder. The token of the login and that of the data folder are sent only to the
server that they belong to.
.SH COMMANDS
${commands.join('\n')}
.SH ENVIRONMENT
${terms(ENVIRONMENT)}
.SH FILES
${terms(FILES)}
.SH EXIT STATUS
${terms(exitCodes(program).toSorted(([a], [b]) => Number(a) - Number(b)))}
`
}

const ENVIRONMENT = [
  ['LAUNCHTAIL_URL', 'the address of the server'],
  ['LAUNCHTAIL_ADMIN_TOKEN', 'the admin token'],
  ['NO_COLOR', 'if it is set and not empty, the output has no colours'],
] as const

const FILES = [
  [
    '~/.config/launchtail/config.json',
    'the address and the token that "launchtail login" keeps; only this account can read it. It is in XDG_CONFIG_HOME if that is set',
  ],
  ['data/url', 'the address of the server that runs in this folder'],
  ['data/admin-token', 'the token that was created by a server started in this folder'],
] as const

function section(command: Command, above = ''): string {
  const help = command.createHelp()
  const usage = `launchtail ${above}${command.name()} ${command.usage()}`
  const about = [
    ...help
      .visibleArguments(command)
      .map((each) => [help.argumentTerm(each), help.argumentDescription(each)]),
    ...command.options.map((each) => [each.flags, help.optionDescription(each)]),
  ]
  const listed = about.length > 0 ? `\n${terms(about)}` : ''
  return `.SS ${roff(usage)}\n${roff(command.description())}${listed}${examples(command)}`
}

/** The text that follows a command's options in its help, with its lines as they are. */
function examples(command: Command): string {
  const text = afterHelp(command)
  return text === '' ? '' : `\n.PP\n.nf\n${roff(text)}\n.fi`
}

function exitCodes(program: Command): [string, string][] {
  const codes = /Exit codes:\n([\s\S]*)$/.exec(afterHelp(program))?.[1] ?? ''
  const each = [...codes.matchAll(/(\d+) {2}(.+?)(?= +\d|\n|$)/g)]
  return each.map(([, code = '', meaning = '']) => [code, meaning.trim()])
}

function terms(all: readonly (readonly string[])[]): string {
  return all
    .map(([term = '', meaning = '']) => `.TP\n.B ${roff(term)}\n${roff(meaning)}`)
    .join('\n')
}

function afterHelp(command: Command): string {
  let text = ''
  const write = (piece: string) => {
    text += piece
  }
  command.configureOutput({ writeOut: write })
  command.outputHelp()
  const own = command.helpInformation()
  return text.slice(own.length).trim()
}

/** Escapes what roff would take for its own marks. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
}
