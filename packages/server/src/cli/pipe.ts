import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
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
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    outflow.push(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    outflow.push(chunk)
  })
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    // As a shell reports a signal.
    return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  } catch (cause) {
    throw new CliError(`${program} cannot be run: ${(cause as Error).message}`, 127, { cause })
  }
}

async function readInput(outflow: Outflow): Promise<number> {
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    process.stdout.write(chunk)
    outflow.push(chunk)
  }
  return 0
}
