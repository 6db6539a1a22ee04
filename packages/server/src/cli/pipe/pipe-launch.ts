import type { Client, NodeRecord } from '@launchtail/client'
import { formatDuration } from '@launchtail/client/protocol'
import { CliError, EXIT, outcomeOf } from '../exit.js'
import { resolveNode } from '../node-names.js'
import { createUpload, type Upload } from '../upload/upload.js'
import { startBeats } from './beats.js'
import { insist } from './insist.js'
import type { PipeFlags } from './pipe-flags.js'
import type { Readiness } from './readiness.js'
import { exitCodeFor, type Ran, readInput, runCommand, SIGNALS } from './run-command.js'

/** Sends a command's output and its end to a node's log. Returns the exit code. */
export async function pipe(
  client: Client,
  name: string,
  command: string[],
  flags: PipeFlags,
): Promise<number> {
  const note = (text: string) => void process.stderr.write(`launchtail: ${text}\n`)
  const node = await nodeFor(client, name, flags)
  const nodeId = node.node_id
  if (command.length > 0) await beginAnew(client, node)
  const stopBeats = await startBeats({ client, nodeId, lostAfter: flags.lostAfter })
  const upload = createUpload({ client, nodeId, note })
  const readiness = await readinessFor(client, nodeId, flags, note)
  const sink = {
    push(lines: Buffer) {
      readiness?.read(lines)
      return upload.push(lines)
    },
  }
  try {
    const ran = await (command.length > 0 ? runCommand(command, sink) : readInput(sink, note))
    const isSent = await allSent(upload, note)
    const code = await end({ client, nodeId, ran, isSent, readiness, flags, note })
    // A request that was given up must not keep the process alive.
    if (!isSent) process.exit(code)
    return code
  } finally {
    stopBeats()
    await readiness?.stop()
  }
}

async function nodeFor(client: Client, name: string, flags: PipeFlags): Promise<NodeRecord> {
  try {
    return await client.getNode(await resolveNode(client, name))
  } catch (error) {
    if (outcomeOf(error).code !== EXIT.notFound) throw error
    const { create, provider, region, gpu, model } = flags
    if (create) return client.createNode({ node_id: name, provider, region, gpu, model })
    throw new CliError(`${(error as Error).message}, or create it with --create`, EXIT.notFound)
  }
}

/** A command that is run for a node whose launch has failed launches it anew. */
async function beginAnew(client: Client, { node_id: nodeId, status }: NodeRecord): Promise<void> {
  if (status !== 'failed' && status !== 'terminated') return
  await client.appendNodeLogs(nodeId, { message: 'Launching anew', phase: 'queued', progress: 0 })
}

async function readinessFor(
  client: Client,
  nodeId: string,
  { readyUrl, endpoint }: PipeFlags,
  note: (text: string) => void,
): Promise<Readiness | undefined> {
  if (readyUrl === undefined && endpoint === undefined) return undefined
  const { startReadiness } = await import('./readiness.js')
  return startReadiness({ client, nodeId, readyUrl, endpoint, note })
}

/** The caller wants the command's exit code, so a loss is only reported. */
async function allSent(upload: Upload, note: (text: string) => void): Promise<boolean> {
  try {
    await upload.end()
    return true
  } catch (error) {
    note(`not all of the output has arrived: ${(error as Error).message}`)
    return false
  }
}

interface Ending {
  client: Client
  nodeId: string
  ran: Ran
  /** False if the server of the log has been away for too long already. */
  isSent: boolean
  readiness: Readiness | undefined
  flags: PipeFlags
  note: (text: string) => void
}

/** Says how the launch has ended. Returns the exit code. */
async function end(ending: Ending): Promise<number> {
  const { ran, readiness, note } = ending
  try {
    if (ran.failure !== undefined) {
      // Nobody says that the node is active after it has been said to have failed.
      await readiness?.stop()
      await fail(ending, ran.failure)
    } else if (readiness) return await untilReady(ending, readiness)
    else await advise(ending)
  } catch (error) {
    note(`how the launch has ended could not be sent: ${(error as Error).message}`)
  }
  if (ran.notRun !== undefined) throw new CliError(ran.notRun, ran.code)
  return ran.code
}

async function fail(ending: Ending, message: string): Promise<void> {
  const { client, nodeId, ran, isSent, note } = ending
  const patience = isSent ? undefined : 0
  if (ran.isInterrupted) {
    const { status } = await insist((signal) => client.getNode(nodeId, { signal }), patience)
    // Whoever stops reading the log of a node that serves does not end the node.
    if (status === 'active') {
      return note(`the node stays active; if it is gone, "launchtail mark ${nodeId} terminated"`)
    }
  }
  const change = { status: 'failed', message } as const
  await insist((signal) => client.setNodeStatus(nodeId, change, { signal }), patience)
}

/** Waits until the server is ready. Whatever else ends the launch meanwhile ends the waiting. */
async function untilReady(ending: Ending, readiness: Readiness): Promise<number> {
  const { client, nodeId, ran, flags, note } = ending
  const { notReady } = await import('./readiness.js')
  const { readyTimeout } = flags
  const stop = stopsWaiting(ending)
  const node =
    (await readiness.wait(readyTimeout)) ??
    (await insist((signal) => {
      const message = notReady(readyTimeout, readiness.reason())
      const status = { status: 'failed', code: 'health_timeout', message } as const
      return client.setNodeStatus(nodeId, status, { signal })
    }))
  stop()
  if (node.status === 'active') return ran.code
  note(
    node.failure ? `the launch has failed: ${node.failure.message}` : `the node is ${node.status}`,
  )
  return EXIT.failed
}

/** A signal ends the waiting at once: the command has ended already. */
function stopsWaiting({ nodeId, flags, note }: Ending): () => void {
  const leave = (signal: NodeJS.Signals) => {
    const after = formatDuration(flags.lostAfter)
    note(`no longer waiting for ${nodeId}; unless it is heard of, its launch is lost in ${after}`)
    process.exit(exitCodeFor(signal))
  }
  for (const signal of SIGNALS) process.once(signal, leave)
  return () => {
    for (const signal of SIGNALS) process.off(signal, leave)
  }
}

/** On a terminal, says what a launch needs that nobody ends. */
async function advise({ client, nodeId, flags, note }: Ending): Promise<void> {
  if (!process.stderr.isTTY) return
  const { status } = await client.getNode(nodeId)
  if (status !== 'launching') return
  note(
    `the node is not active yet: use --ready-url or --endpoint, or "launchtail mark ${nodeId} active"; otherwise it is lost in ${formatDuration(flags.lostAfter)}`,
  )
}
