import { Command } from 'commander'
import { completionCommand } from './completion.js'
import { EXIT_HELP } from './exit.js'
import { launchCommand } from './launch.js'
import { loginCommand } from './login.js'
import { logsCommand } from './logs.js'
import { nodesCommand, statusCommand, terminateCommand } from './nodes.js'
import { pipeCommand } from './pipe.js'
import { replayCommand } from './replay.js'
import { serveCommand } from './serve.js'

/** The command `launchtail` with all of its commands. */
export function createProgram(): Command {
  const program = new Command('launchtail')
    .description('Launch GPU nodes and watch them come up, live.')
    .showHelpAfterError('(see --help)')
    .addHelpText(
      'after',
      `
A first launch, from a checkout of Launchtail:
  $ launchtail serve                                        in one terminal
  $ launchtail launch --file examples/local-node.yaml --wait  in another, in the same folder
${EXIT_HELP}`,
    )
  const commands = [
    serveCommand(),
    launchCommand(),
    nodesCommand(),
    statusCommand(),
    logsCommand(),
    pipeCommand(),
    terminateCommand(),
    replayCommand(),
    loginCommand(),
    completionCommand(() => program),
  ]
  for (const command of commands)
    program.addCommand(command.copyInheritedSettings(program).exitOverride())
  program.exitOverride()
  return program
}
