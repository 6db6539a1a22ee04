#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { completionCommand } from './completion.js'
import { EXIT, EXIT_HELP, outcomeOf } from './exit.js'
import { launchCommand } from './launch.js'
import { loginCommand } from './login.js'
import { logsCommand } from './logs.js'
import { nodesCommand, statusCommand, terminateCommand } from './nodes.js'
import { pipeCommand } from './pipe.js'
import { replayCommand } from './replay.js'
import { serveCommand } from './serve.js'

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

// Whoever reads our output has seen enough: `launchtail logs … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
if (process.argv[2] !== 'serve' && process.argv[2] !== 'pipe') {
  process.on('SIGINT', () => process.exit(EXIT.interrupted))
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode)
  const { message, code } = outcomeOf(error)
  process.stderr.write(`launchtail: ${message}\n`)
  // What a broken stream left behind must not keep the process.
  process.exit(code)
}
