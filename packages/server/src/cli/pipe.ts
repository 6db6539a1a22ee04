import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { Command } from 'commander'
import { connect, withServer } from './connection.js'
import { CliError, outcomeOf } from './exit.js'
import { resolveNode } from './node-names.js'
import { createOutflow, type Outflow } from './outflow.js'

/** `launchtail pipe`: passes a program's output through, and sends it in as it comes. */
export function pipeCommand(): Command {
  return withServer(new Command('pipe'))
    .description('Run a command, or read standard input, and send its output into a node’s log.')
    .argument('<node>', 'its id, the id’s unique beginning, or its cluster name')
    .argument('[command...]', 'the command, behind "--"')
    .option('--create', 'register the node where there is none')
    .addHelpText(
      'after',
      `
The output is shown here too, and the exit code is the command's own. While the server is away up to
16 MiB are kept and sent when it is back.

Examples:
  $ launchtail pipe my-node -- sky launch -y task.yaml
  $ sky launch -y task.yaml 2>&1 | launchtail pipe my-node
`,
    )
    .action(
      async (
        name: string,
        command: string[],
        flags: { create?: boolean; url?: string; tokenFile?: string },
      ) => {
        const client = await connect(flags)
        const note = (text: string) => void process.stderr.write(`launchtail: ${text}\n`)
        const nodeId = await resolveNode(client, name).catch(async (error) => {
          if (!flags.create || outcomeOf(error).code !== 4) throw error
          return (await client.createNode({ node_id: name })).node_id
        })
        const outflow = createOutflow({ client, nodeId, note })
        const code =
          command.length > 0 ? await runCommand(command, outflow) : await readInput(outflow)
        try {
          await outflow.end()
        } catch (error) {
          // The command's own code is what its caller waits for; the loss is told.
          note(`not all of the output has arrived: ${(error as Error).message}`)
        }
        process.exitCode = code
      },
    )
}

async function runCommand([program = '', ...args]: string[], outflow: Outflow): Promise<number> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const flushOut = wholeLines(child.stdout, process.stdout, outflow)
  const flushErr = wholeLines(child.stderr, process.stderr, outflow)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    flushOut()
    flushErr()
    // As a shell reports a signal.
    return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  } catch (cause) {
    throw new CliError(`${program} cannot be run: ${(cause as Error).message}`, 127, { cause })
  }
}

/**
 * Shows a stream as it comes, and sends its lines in whole: two streams go into one log, and the
 * beginning of a line of one must not be joined to a line of the other. Returns what sends the rest.
 */
function wholeLines(from: Readable, to: Writable, outflow: Outflow): () => void {
  let rest: Buffer = Buffer.alloc(0)
  from.on('data', (chunk: Buffer) => {
    to.write(chunk)
    const end = Math.max(chunk.lastIndexOf('\n'), chunk.lastIndexOf('\r')) + 1
    if (end > 0) outflow.push(Buffer.concat([rest, chunk.subarray(0, end)]))
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
    if (rest.length > LONGEST_LINE) flush()
  })
  return flush

  function flush(): void {
    if (rest.length > 0) outflow.push(rest)
    rest = Buffer.alloc(0)
  }
}

/** What has no line end by then is no line that anybody reads. */
const LONGEST_LINE = 1024 * 1024

async function readInput(outflow: Outflow): Promise<number> {
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    process.stdout.write(chunk)
    outflow.push(chunk)
  }
  return 0
}
