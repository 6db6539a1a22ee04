import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { newNode } from '../support/nodes.js'
import { type RunningServer, until } from '../support/processes.js'
import type { StreamEvent } from '../support/stream.js'
import { heldOf, violationsOf } from './checker.js'
import { FAULTS } from './faults.js'
import { type Fleet, type FleetOptions, startFleet } from './fleet.js'
import { bare, padded } from './padding.js'
import { type Reader, startReader } from './reader.js'
import { startWriter, type Writer } from './writer.js'

export interface Load {
  readonly replicas: number
  readonly nodes: number
  /** Of each node; as many read all nodes in one stream as read one. */
  readonly readers: number
  /** Entries a second in all. */
  readonly rate: number
  /** Whether entries are long. */
  readonly isPadded?: boolean
  readonly fleet?: FleetOptions
}

/** A fleet that is written to and read from while `act` does something to it. */
export interface Day {
  readonly fleet: Fleet
  readonly writer: Writer
  readonly readers: readonly Reader[]
}

export interface Report {
  /** In words; empty where each reader has seen each log as it is, once and in order. */
  readonly violations: readonly string[]
  readonly entries: number
  readonly events: number
  /** How often readers came again. */
  readonly again: number
  /** Answers to readers that were no streams, and requests of the writer that were sent again. */
  readonly refused: Readonly<Record<string, number>>
}

/** Milliseconds within which everybody must have everything once nothing bad happens any more. */
const SETTLE = 60_000

export async function spend(
  { replicas, nodes, readers: each, rate, isPadded, fleet: how }: Load,
  random: () => number,
  act: (day: Day) => Promise<void>,
): Promise<Report> {
  const fleet = await startFleet(replicas, how)
  const [first] = fleet.replicas
  const nodeIds: string[] = []
  for (let n = 0; n < nodes && first; n += 1) nodeIds.push(await newNode(first))
  const { url } = fleet.balancer
  const merged = Array.from({ length: each }, () =>
    startReader(`${url}/admin/logs/stream?tail=all&node=${nodeIds}`, random),
  )
  const single = nodeIds.flatMap((nodeId) =>
    Array.from({ length: each }, () => ({
      nodeId,
      reader: startReader(`${url}/admin/nodes/${nodeId}/logs/stream?tail=all`, random),
    })),
  )
  const readers = [...merged, ...single.map(({ reader }) => reader)]
  const writer = startWriter(url, nodeIds, rate, isPadded ? padded : undefined)
  try {
    await act({ fleet, writer, readers })
  } finally {
    await writer.stop()
  }
  const entries = [...writer.written.values()].flat().length
  const failsOver = how?.redis !== undefined && how.redis !== 'alone'
  const shownOf = (events: StreamEvent[], nodeId: string) =>
    failsOver ? heldOf(events, nodeId) : events
  const hasAll = () =>
    merged.every((reader) => reader.seen() >= entries) &&
    single.every(({ nodeId, reader }) => {
      const shown = failsOver ? heldOf(reader.events(), nodeId).length : reader.seen()
      return shown >= (writer.written.get(nodeId)?.length ?? 0)
    })
  // What is missing then is told below.
  await until('all readers to have all', hasAll, SETTLE).catch(() => {})
  await Promise.all(readers.map((reader) => reader.stop()))
  return {
    violations: await violations(),
    entries,
    events: readers.reduce((sum, reader) => sum + reader.events().length, 0),
    again: readers.reduce((sum, { counts }) => sum + counts.again, 0),
    refused: Object.fromEntries([
      ...readers.flatMap(({ counts }) => [...counts.refused].map(([k, v]) => [`reader ${k}`, v])),
      ...[...writer.again].map(([k, v]) => [`writer ${k}`, v]),
    ]),
  }

  async function violations(): Promise<string[]> {
    const found: string[] = []
    for (const [nodeId, log] of writer.written) {
      const { url: base, token } = fleet.replicas[0] as RunningServer
      const headers = { 'X-Admin-Token': token }
      const answer = await fetch(`${base}/admin/nodes/${nodeId}/logs?tail=all`, { headers })
      const { logs } = (await answer.json()) as { logs: { message: string }[] }
      const kept = logs.map(({ message }) => ({
        event: 'log',
        data: { message: bare(message) },
        id: '',
      }))
      found.push(...violationsOf(`the log of ${nodeId}`, kept, nodeId, log))
      const own = single.filter((one) => one.nodeId === nodeId)
      for (const [i, { reader }] of own.entries()) {
        found.push(
          ...violationsOf(
            `reader ${i} of ${nodeId}`,
            shownOf(reader.events(), nodeId),
            nodeId,
            log,
          ),
        )
      }
      for (const [i, reader] of merged.entries()) {
        const events = reader.events().filter(({ data }) => data.node_id === nodeId)
        const shown = shownOf(events, nodeId)
        found.push(...violationsOf(`merged reader ${i}, ${nodeId}`, shown, nodeId, log))
      }
    }
    return found
  }
}

export interface Badness {
  /** Milliseconds that it lasts. */
  readonly length: number
  /** Milliseconds from the end of one fault to the next. */
  readonly every: number
  readonly random: () => number
  /** The faults to draw from, by parts of their names; all if none is given. */
  readonly only?: string | undefined
  readonly say: (words: string) => void
}

/** Faults drawn at random, one after the other. */
export async function misfortune({ fleet }: Day, badness: Badness): Promise<void> {
  const { length, every, random, only = '', say } = badness
  const names = Object.keys(FAULTS).filter((name) => name.includes(only))
  const begun = performance.now()
  while (performance.now() - begun < length) {
    await sleep(every)
    const name = names[Math.floor(random() * names.length)] as string
    say(`${Math.round((performance.now() - begun) / 1000)} s: ${name}; ${memoryOf(fleet)}`)
    await FAULTS[name]?.(fleet, random)
  }
}

/** One server after the other is stopped in order and started again. */
export async function rollOver({ fleet }: Pick<Day, 'fleet'>, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (let at = 0; at < fleet.replicas.length; at += 1) {
      await fleet.replicas[at]?.stop()
      await fleet.restart(at)
      await untilReady(fleet, at)
    }
  }
}

export async function untilReady({ replicas }: Fleet, at: number): Promise<void> {
  await until('the server to be ready', async () => {
    const answer = await replicas[at]?.fetch('/readyz').catch(() => undefined)
    return answer?.status === 200
  })
  // The balancer has seen it, too.
  await sleep(500)
}

function memoryOf({ replicas }: Fleet): string {
  const resident = replicas.map(({ child }) => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
    } catch {
      return 0
    }
  })
  return `${resident.join(', ')} MiB`
}
