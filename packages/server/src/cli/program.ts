import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { auditCommand } from './audit.js'
import { causeCommand } from './cause.js'
import { completionCommand } from './completion.js'
import { diffCommand } from './diff/diff.js'
import { doctorCommand } from './doctor.js'
import { EXIT_HELP } from './exit.js'
import { exportCommand } from './export/export.js'
import { groupCommand } from './group/group.js'
import { keepCommand } from './keep.js'
import { launchCommand } from './launch.js'
import { loginCommand } from './login.js'
import { logsCommand } from './logs.js'
import { markCommand } from './mark.js'
import { deleteCommand, statusCommand, terminateCommand } from './node.js'
import { nodesCommand } from './nodes.js'
import { pipeCommand } from './pipe/pipe.js'
import { reindexCommand } from './reindex.js'
import { relaunchCommand } from './relaunch.js'
import { replayCommand } from './replay.js'
import { searchCommand } from './search.js'
import { serveCommand } from './serve.js'
import { statsCommand } from './stats/stats.js'
import { tokensCommand } from './tokens/tokens.js'
import { transcriptCommand } from './transcript.js'
import { webhooksCommand } from './webhooks/webhooks.js'

/** The command `launchtail` with all its subcommands. */
export function createProgram(): Command {
  const program = new Command('launchtail')
    .description('Launch GPU nodes and watch them start, live.')
    .version(manifest.version, '-V, --version', 'print the version')
    .configureOutput({ outputError: (text, write) => write(faultOf(text, 'launchtail')) })
    .addHelpText(
      'after',
      `
A first launch, from a checkout of Launchtail:
  $ launchtail serve                                          in one terminal
  $ launchtail launch --file examples/local-node.yaml --wait  in another, in the same folder
${EXIT_HELP}`,
    )
  const commands = [
    serveCommand(),
    launchCommand(),
    relaunchCommand(),
    diffCommand(),
    groupCommand(),
    nodesCommand(),
    statusCommand(),
    logsCommand(),
    searchCommand(),
    exportCommand(),
    statsCommand(),
    pipeCommand(),
    markCommand(),
    causeCommand(),
    transcriptCommand(),
    webhooksCommand(),
    tokensCommand(),
    auditCommand(),
    terminateCommand(),
    keepCommand(),
    deleteCommand(),
    replayCommand(),
    doctorCommand(),
    reindexCommand(),
    loginCommand(),
    completionCommand(() => program),
  ]
  for (const command of commands) {
    program.addCommand(command)
    prepare(command, program)
  }
  program.exitOverride()
  return program
}

/** Gives a command, and those below it, what all commands have in common. */
function prepare(command: Command, above: Command): void {
  command.copyInheritedSettings(above).exitOverride()
  const name = [...namesOf(above), command.name()].join(' ')
  command.configureOutput({ outputError: (text, write) => write(faultOf(text, name)) })
  for (const below of command.commands) prepare(below, command)
}

function namesOf(command: Command): string[] {
  return command.parent ? [...namesOf(command.parent), command.name()] : [command.name()]
}

/** An error in the command line, in the form of all other errors. */
function faultOf(text: string, command: string): string {
  const words = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  return `launchtail: ${words}; see "${command} --help"\n`
}
