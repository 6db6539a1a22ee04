import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT, outcomeOf } from './exit.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'
import { createUpload, type Upload } from './upload/upload.js'

/** `launchtail pipe`: shows a program's output, and sends it to a node's log as it comes. */
export function pipeCommand(): Command {
  return withServer(new Command('pipe'))
    .description('Run a command, or read standard input, and send the output to a node’s log.')
    .argument('<node>', NODE_ARGUMENT)
    .argument('[command...]', 'the command, after "--"')
    .option('--create', 'create the node if it does not exist')
    .addHelpText(
      'after',
      `
The output is shown here too, and the exit code is that of the command. While the server is away, up to
16 MiB are kept and sent when it is back. Anything beyond that is lost, and the log says how much.

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
        const words = `${(error as Error).message}, or create it with --create`
        throw new CliError(words, EXIT.notFound)
      })
      const note = (text: string) => void process.stderr.write(`launchtail: ${text}\n`)
      const upload = createUpload({ client, nodeId, note })
      const run = command.length > 0 ? runCommand(command, upload) : readInput(upload, note)
      process.exitCode = await run
      try {
        await upload.end()
      } catch (error) {
        // The caller wants the command's exit code, so the loss is only reported.
        note(`not all of the output has arrived: ${(error as Error).message}`)
        // A request that was given up must not keep the process alive.
        process.exit()
      }
    })
}

async function runCommand([program = '', ...args]: string[], upload: Upload): Promise<number> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  // A terminal sends Ctrl-C to the command, too. A second signal would cut its clean-up short.
  const forward = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, forward)
  try {
    const [[code, signal]] = await Promise.all([
      ended,
      pass(child.stdout, process.stdout, upload),
      pass(child.stderr, process.stderr, upload),
    ])
    // The exit code that shells use for a signal.
    return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EACCES'
    throw new CliError(`${program} cannot be run: ${(cause as Error).message}`, isThere ? 126 : 127)
  } finally {
    for (const signal of signals) process.off(signal, forward)
  }
}

/** Longer text without a line end is sent in pieces of this length. */
const LONGEST_LINE = 1024 * 1024

/**
 * Shows a stream as it comes, and sends whole lines: standard output and standard error share a log,
 * and a line of one must not be cut by a line of the other.
 */
async function pass(from: Readable, to: Writable, upload: Upload): Promise<void> {
  const show = showing(to)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of from as AsyncIterable<Buffer>) {
    await show(chunk)
    const end = Math.max(chunk.lastIndexOf('\n'), chunk.lastIndexOf('\r')) + 1
    const lines = end > 0 ? Buffer.concat([rest, chunk.subarray(0, end)]) : Buffer.alloc(0)
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
    if (lines.length > 0) await upload.push(lines)
    if (rest.length > LONGEST_LINE) {
      await upload.push(rest)
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) await upload.push(rest)
}

/** Writes as long as somebody reads. A reader that leaves does not end the upload. */
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

/** Keeps reading after the first Ctrl-C, because the writing program may have more to say. */
async function readInput(upload: Upload, note: (text: string) => void): Promise<number> {
  let code: number = EXIT.active
  process.once('SIGINT', () => {
    code = EXIT.interrupted
    note('reading the rest of the input; press Ctrl-C again to stop at once')
  })
  await pass(process.stdin, process.stdout, upload)
  return code
}
