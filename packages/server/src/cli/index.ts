import { CommanderError } from 'commander'
import { EXIT, outcomeOf } from './exit.js'
import { oneLine } from './format/text.js'
import { createProgram } from './program.js'

// The reader of the output has left, as in `launchtail logs … | head`. `pipe` still has the log to fill.
for (const out of [process.stdout, process.stderr]) {
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (process.argv[2] !== 'pipe') process.exit(0)
  })
}
if (process.argv[2] !== 'serve' && process.argv[2] !== 'pipe') {
  process.on('SIGINT', () => process.exit(EXIT.interrupted))
}

try {
  await createProgram().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode)
  const { message, code, below = [] } = outcomeOf(error)
  const lines = [`launchtail: ${oneLine(message)}`, ...below.map((line) => `  ${oneLine(line)}`)]
  process.stderr.write(`${lines.join('\n')}\n`)
  // What a broken stream left behind must not keep the process alive.
  process.exit(code)
}
