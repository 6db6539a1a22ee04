import { setTimeout as sleep } from 'node:timers/promises'
import { newNode } from '../support/nodes.js'
import { ask } from '../support/postgres.js'
import { type RunningServer, until } from '../support/processes.js'
import { startReceiver } from '../support/receiver.js'
import { percentile, readDelays } from './delays.js'
import { type Fleet, startFleet } from './fleet.js'
import { type Launches, recordOf, startLaunches } from './launches.js'
import { TOLD_EVENTS, wronglyTold } from './told.js'

export interface AwayLoad {
  readonly replicas: number
  readonly nodes: number
  /** Entries a second of all nodes. */
  readonly rate: number
  /** Milliseconds that PostgreSQL is away. */
  readonly length: number
  /** Milliseconds that a node is in one phase. */
  readonly phaseFor: number
}

export interface AwayReport {
  /** Of what readers saw, and of what came of it afterwards, in words. */
  readonly violations: readonly string[]
  readonly entries: number
  readonly changes: number
  /** Milliseconds from sending an entry to its arrival at a reader, while PostgreSQL was away. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly most: number }
  /** Milliseconds until a request for a record was refused, and until `/healthz` answered. */
  readonly refused: { readonly p99: number; readonly most: number }
  readonly health: { readonly p99: number; readonly most: number }
  /** Milliseconds from PostgreSQL's return until all of it was so. */
  readonly caughtUp: Readonly<Record<Follower, number>>
  /** Requests with entries that had to be sent again, by what came of them. */
  readonly again: Readonly<Record<string, number>>
}

/** Milliseconds that all may take to catch up, and between two looks. */
const PATIENCE = 120_000
const LOOK_EVERY = 250

/** PostgreSQL is away while launches go on. */
export async function spendWithoutPostgres(load: AwayLoad): Promise<AwayReport> {
  const fleet = await startFleet(load.replicas)
  const [first] = fleet.replicas as [RunningServer]
  const nodeIds: string[] = []
  for (let n = 0; n < load.nodes; n += 1) nodeIds.push(await newNode(first))
  const receiver = await startReceiver()
  const hook = { url: receiver.url, events: TOLD_EVENTS }
  if ((await first.post('/admin/webhooks', hook)).status !== 201) throw new Error('no webhook')
  const readers = await Promise.all(fleet.replicas.map((one) => readDelays(one, nodeIds)))
  const { rate, phaseFor } = load
  const launches = startLaunches({ url: fleet.balancer.url, nodeIds, rate, phaseFor })
  await until('launches to have begun', () => readers.every(({ delays }) => delays.length > rate))

  await fleet.postgres.kill()
  const from = readers.map(({ delays }) => delays.length)
  const asked = await askMeanwhile(fleet, nodeIds, load.length)
  const delays = readers.flatMap((reader, i) => reader.delays.slice(from[i]))
  await launches.stop()
  const back = performance.now()
  await fleet.postgres.restart()

  const followers = followersOf(fleet, launches, receiver)
  const caughtUp = await allCaughtUp(followers, back)
  const left = await Promise.all(Object.values(followers).map((look) => look()))
  await until('readers to have all', () => missing().length === 0).catch(() => {})
  await Promise.all(readers.map((reader) => reader.stop()))
  return {
    violations: [
      ...readers.flatMap(({ violations }) => violations),
      ...asked.wrong,
      ...left.flat(),
    ],
    entries: count(),
    changes: receiver.received.length,
    delay: { p50: percentile(delays, 0.5), ...worstOf(delays) },
    refused: worstOf(asked.refused),
    health: worstOf(asked.health),
    caughtUp,
    again: Object.fromEntries(launches.again),
  }

  function missing(): string[] {
    return readers
      .map(({ delays }, i) => `reader ${i} has ${delays.length} of ${count()} entries`)
      .filter((_, i) => readers[i]?.delays.length !== count())
  }

  function count(): number {
    return [...launches.written.values()].reduce((sum, lines) => sum + lines.length, 0)
  }
}

function worstOf(values: readonly number[]) {
  return { p99: percentile(values, 0.99), most: percentile(values, 1) }
}

/** Asks each server for a record and for its health, once a second. */
async function askMeanwhile(fleet: Fleet, nodeIds: readonly string[], length: number) {
  const refused: number[] = []
  const health: number[] = []
  const wrong: string[] = []
  const begun = performance.now()
  for (let n = 0; performance.now() - begun < length; n += 1) {
    const server = fleet.replicas[n % fleet.replicas.length] as RunningServer
    const path = `/admin/nodes/${nodeIds[n % nodeIds.length]}`
    const [record, alive] = await Promise.all([timed(server, path), timed(server, '/healthz')])
    refused.push(record.took)
    health.push(alive.took)
    if (record.status !== 503) wrong.push(`a record was answered by ${record.status}`)
    if (alive.status !== 200) wrong.push(`/healthz was answered by ${alive.status}`)
    await sleep(Math.min(1000, length / 10))
  }
  return { refused, health, wrong }
}

async function timed(server: RunningServer, path: string) {
  const begun = performance.now()
  const answer = await server.fetch(path)
  await answer.arrayBuffer()
  return { status: answer.status, took: performance.now() - begun }
}

type Follower = 'records' | 'archives' | 'webhooks'
/** What is not yet as the lists say, in words. */
type Look = () => Promise<string[]>

function followersOf(
  fleet: Fleet,
  { written }: Launches,
  receiver: Awaited<ReturnType<typeof startReceiver>>,
): Record<Follower, Look> {
  const archives = fleet.replicas.map((server) => ({ server, complete: new Set<string>() }))
  return {
    records: () => recordsBehind(fleet, written),
    archives: async () =>
      (await Promise.all(archives.map((archive) => archiveBehind(archive, written)))).flat(),
    webhooks: async () => wronglyTold(receiver.received, written),
  }
}

async function allCaughtUp(
  followers: Record<Follower, Look>,
  since: number,
): Promise<Record<Follower, number>> {
  const times = Object.entries(followers).map(async ([name, look]) => {
    while ((await look()).length > 0 && performance.now() - since < PATIENCE) {
      await sleep(LOOK_EVERY)
    }
    return [name, Math.round(performance.now() - since)]
  })
  return Object.fromEntries(await Promise.all(times))
}

/** As they are stored: a request for a record would bring it up to date. */
async function recordsBehind(
  { databaseUrl }: Fleet,
  written: Launches['written'],
): Promise<string[]> {
  const rows = await ask<StoredRecord>(
    databaseUrl,
    'select node_id, folded, message, phase, status from nodes',
  ).catch(() => [])
  return [...written].flatMap(([nodeId, lines]) => {
    const { folded, phase, message, status } = rows.find((row) => row.node_id === nodeId) ?? {}
    if (Number(folded) !== lines.length) {
      return [`the record of ${nodeId} has ${folded} of ${lines.length} entries`]
    }
    const [stored, must] = [{ phase, message, status }, recordOf(lines)].map((one) =>
      JSON.stringify(one),
    )
    return stored === must ? [] : [`the record of ${nodeId} is ${stored}, not ${must}`]
  })
}

interface StoredRecord {
  node_id: string
  folded: string
  message: string
  phase: string
  status: string
}

/** A node that is complete is not asked for again: each answer is its whole log. */
async function archiveBehind(
  { server, complete }: { server: RunningServer; complete: Set<string> },
  written: Launches['written'],
): Promise<string[]> {
  const left = [...written].filter(([nodeId]) => !complete.has(nodeId))
  const answers = left.map(async ([nodeId, lines]) => {
    const path = `/admin/logs/export?format=ndjson&node=${nodeId}`
    const answer = await server.fetch(path).catch(() => undefined)
    if (answer?.status !== 200) return `the archive for ${nodeId}: ${answer?.status}`
    const kept = (await answer.text()).split('\n').filter((line) => line !== '')
    const messages = kept.map((line) => (JSON.parse(line) as { message: string }).message)
    if (JSON.stringify(messages) !== JSON.stringify(lines.map(({ message }) => message))) {
      return `the archive has ${messages.length} of ${lines.length} entries of ${nodeId}`
    }
    complete.add(nodeId)
    return ''
  })
  return (await Promise.all(answers)).filter((words) => words !== '')
}
