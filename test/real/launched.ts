import type { LogEntry, NewLaunch, NodeRecord, Phase } from '@launchtail/client'
import { phaseOrder } from '@launchtail/client/protocol'
import type { Lab } from './lab/lab.js'
import { until } from './lab/processes.js'
import type { Product } from './product.js'
import { type Witness, witness } from './witness.js'

/** A launch on its way, as a reader of its stream sees it, and as SkyPilot tells of it. */
export interface Launched {
  readonly nodeId: string
  readonly cluster: string
  readonly skypilot: Witness
  /** The entries that the stream has brought, in order. */
  readonly entries: readonly LogEntry[]
  /** Waits until an entry says this. */
  says(text: string | RegExp): Promise<void>
  /** Waits until the launch is in this phase, or a later one. */
  reaches(phase: Phase): Promise<void>
  /** Waits until the launch is over and the stream has ended; the node's record. */
  ends(): Promise<NodeRecord>
  /** Terminates the node, and waits until it is. */
  terminate(): Promise<void>
}

/** How long a launch may take to come to the next thing that is waited for. */
const PATIENCE = 400_000

export async function launch(
  { client }: Product,
  lab: Lab,
  request: Partial<NewLaunch>,
  signal: AbortSignal,
): Promise<Launched> {
  const asked = { provider: 'slurm', region: 'lab', ...request }
  const { node_id: nodeId, cluster_name: cluster } = await client.launchNode(asked)
  const skypilot = witness(lab, cluster, signal)
  const entries: LogEntry[] = []
  let over = false
  let fault: unknown
  const reading = read().catch((error) => {
    fault = error
  })
  return { nodeId, cluster, skypilot, entries, says, reaches, ends, terminate }

  async function read(): Promise<void> {
    for await (const { event, data } of client.stream(nodeId, { signal })) {
      if (event === 'gap') throw new Error(`the stream has a gap: ${JSON.stringify(data)}`)
      if (event === 'log') entries.push(data)
    }
    over = true
  }

  async function wait(what: string, probe: () => boolean): Promise<void> {
    try {
      await until(what, () => fault !== undefined || probe(), { within: PATIENCE, signal })
    } catch (error) {
      const { message } = signal.aborted ? (signal.reason as Error) : (error as Error)
      throw new Error(`${message}; the log ends:\n${lastOf(entries, 8)}`)
    }
    if (fault !== undefined) throw fault
  }

  async function says(text: string | RegExp): Promise<void> {
    const said = ({ message }: LogEntry) =>
      typeof text === 'string' ? message.includes(text) : text.test(message)
    await wait(`an entry that says ${text}`, () => entries.some(said))
  }

  async function reaches(phase: Phase): Promise<void> {
    const there = (entry: LogEntry) => phaseOrder(entry.phase) >= phaseOrder(phase)
    await wait(`the phase ${phase}`, () => entries.some(there))
  }

  async function ends(): Promise<NodeRecord> {
    await wait('the end of the stream', () => over)
    await reading
    return client.getNode(nodeId)
  }

  async function terminate(): Promise<void> {
    await client.terminateNode(nodeId)
    const isOver = async () => (await client.getNode(nodeId)).status === 'terminated'
    await until('the node to be terminated', isOver, { within: PATIENCE, signal })
  }
}

export function lastOf(entries: readonly LogEntry[], count: number): string {
  return entries
    .slice(-count)
    .map(({ phase, level, message }) => `  ${phase} ${level} ${message.slice(0, 200)}`)
    .join('\n')
}
