import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT, outcomeOf } from './exit.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'
import { createOutflow, type Outflow } from './outflow.js'

/** `launchtail pipe`: passes a program's output through, and sends it in as it comes. */
export function pipeCommand(): Command {
  return withServer(new Command('pipe'))
    .description('Run a command, or read standard input, and send its output into a node’s log.')
    .argument('<node>', NODE_ARGUMENT)
    .argument('[command...]', 'the command, behind "--"')
    .option('--create', 'register the node where there is none')
    .addHelpText(
      'after',
      `
The output is shown here too, and the exit code is the command's own. While the server is away up to
16 MiB are kept and sent when it is back; what is more than that is lost, and the log says how much.

Examples:
  $ launchtail pipe my-node --create -- sky launch -y task.yaml
  $ sky launch -y task.yaml 2>&1 | launchtail pipe my-node
`,
    )
    .action(async (name: string, command: string[], flags: ServerFlags & { create?: boolean }) => {
      const client = await connect(flags)
      const nodeId = await resolveNode(client, name).catch(async (error) => {
        if (outcomeOf(error).code !== EXIT.notFound) throw error
        if (flags.create) return (await client.createNode({ node_id: name })).node_id
        const words = `${(error as Error).message}, or register it with --create`
        throw new CliError(words, EXIT.notFound)
      })
      const note = (text: string) => void process.stderr.write(`launchtail: ${text}\n`)
      const outflow = createOutflow({ client, nodeId, note })
      const run = command.length > 0 ? runCommand(command, outflow) : readInput(outflow, note)
      process.exitCode = await run
      try {
        await outflow.end()
      } catch (error) {
        // The command's own code is what its caller waits for; the loss is told.
        note(`not all of the output has arrived: ${(error as Error).message}`)
        // A request that was given up must not keep the process.
        process.exit()
      }
    })
}

async function runCommand([program = '', ...args]: string[], outflow: Outflow): Promise<number> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  // A terminal sends Ctrl-C to the command as well, and a second one would cut its tidying up short.
  const forward = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, forward)
  try {
    const [[code, signal]] = await Promise.all([
      ended,
      pass(child.stdout, process.stdout, outflow),
      pass(child.stderr, process.stderr, outflow),
    ])
    // As a shell reports a signal.
    return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EACCES'
    throw new CliError(`${program} cannot be run: ${(cause as Error).message}`, isThere ? 126 : 127)
  } finally {
    for (const signal of signals) process.off(signal, forward)
  }
}

/** What has no line end by then is no line that anybody reads. */
const LONGEST_LINE = 1024 * 1024

/**
 * Shows a stream as it comes, and sends its lines in whole: two streams go into one log, and the
 * beginning of a line of one must not be joined to a line of the other.
 */
async function pass(from: Readable, to: Writable, outflow: Outflow): Promise<void> {
  const show = showing(to)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of from as AsyncIterable<Buffer>) {
    await show(chunk)
    const end = Math.max(chunk.lastIndexOf('\n'), chunk.lastIndexOf('\r')) + 1
    const lines = end > 0 ? Buffer.concat([rest, chunk.subarray(0, end)]) : Buffer.alloc(0)
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
    if (lines.length > 0) await outflow.push(lines)
    if (rest.length > LONGEST_LINE) {
      await outflow.push(rest)
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) await outflow.push(rest)
}

/** Writes for as long as somebody reads: whoever does may have seen enough, the log has not. */
function showing(to: Writable): (chunk: Buffer) => Promise<void> {
  let isRead = true
  let go = () => {}
  to.on('drain', () => go())
  to.on('error', () => {
    isRead = false
    go()
  })
  return async (chunk) => {
    if (!isRead || to.write(chunk)) return
    await new Promise<void>((resolve) => {
      go = resolve
    })
  }
}

/** Reads on after the first Ctrl-C: the program that writes has its last words, and then ends. */
async function readInput(outflow: Outflow, note: (text: string) => void): Promise<number> {
  let code: number = EXIT.active
  process.once('SIGINT', () => {
    code = EXIT.interrupted
    note('reading on to the end of the input; Ctrl-C once more ends at once')
  })
  await pass(process.stdin, process.stdout, outflow)
  return code
}
