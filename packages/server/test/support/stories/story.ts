import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import type { Instance } from '../../../src/nodes/spending/instance.js'
import { readInstance } from '../../../src/nodes/spending/instances.js'
import { terminatedBy } from '../../../src/notify/terminated-by.js'
import { removeFolder, startLaunching, temporaryFolder } from '../launching.js'
import { createLife, type Death, ProcessDied } from './life.js'
import { createWorld, type Turn } from './world.js'

/** What happens to one launch. */
export interface Story {
  /** How its attempts go; any further one has a bad flag. */
  readonly turns: readonly Turn[]
  readonly attempts: number
  readonly refusals: number
  readonly keepOnFailure: boolean
  readonly maxLifetime: boolean
  /** Whether it can be asked for what its machines have cost. */
  readonly reports: boolean
  /** What is done to it from outside, each so many milliseconds after the one before. */
  readonly events: readonly { after: number; what: 'cancel' | 'restart' | 'hour' }[]
  /** At which steps its processes die, one after the other. */
  readonly deaths: readonly Death[]
}

export type End = 'failed' | 'timed out' | 'terminated' | 'lifetime over'

export interface Told {
  readonly end: End
  readonly record: NodeRecord
  readonly entries: readonly LogEntry[]
  readonly world: ReturnType<typeof createWorld>
  /** What is stored of its machines that came up, in the order of its attempts. */
  readonly instances: readonly Instance[]
  /** When an hour passed in a moment, in milliseconds since 1970. */
  readonly leaps: readonly number[]
  /** Clusters of it that are still to be taken down. */
  readonly left: number
  /** How many processes died on the way. */
  readonly died: number
  /** What went wrong, except for deaths and refusals. */
  readonly faults: readonly unknown[]
}

const HOUR = 3_600_000
const NODE = 'gpu-1'
/** A story that is not over after so many looks at it never will be. */
const MOST_POLLS = 4000
/** A queue is left for the next place after this. */
const WAIT = '100ms'

/** Lives the story through until its launch is over and nothing is left of it. */
export async function liveThrough(story: Story): Promise<Told> {
  const clock = { ahead: 0 }
  const leaps: number[] = []
  const now = () => new Date(Date.now() + clock.ahead)
  const world = createWorld({ ...story, now })
  const folder = temporaryFolder()
  const host = createHost({ folder, now, world, deaths: story.deaths })
  try {
    const once = { key: 'story', digest: 'd' }
    await host.ask(({ orchestrator }) => orchestrator.launch(requestOf(story), once))
    for (const { after, what } of story.events) {
      await sleep(after)
      if (what === 'cancel') await host.ask(({ orchestrator }) => orchestrator.terminate(NODE))
      if (what === 'hour') {
        leaps.push(now().getTime())
        clock.ahead += HOUR
      }
      if (what === 'restart') await host.restart()
    }
    for (let polls = 0; ; polls += 1) {
      if (polls === MOST_POLLS) throw new Error(await host.ask(stateOf))
      const over = await host.ask(async ({ database, registry, orchestrator }) => {
        const row = await database
          .selectFrom('launches')
          .select('state')
          .where('node_id', '=', NODE)
          .executeTakeFirstOrThrow()
        const left = await database.selectFrom('left_clusters').selectAll().execute()
        if (row.state === 'ended' && left.length === 0) return true
        const { status } = (await registry.find(NODE)) ?? {}
        // One that serves for good has somebody who ends it.
        const isServing = status === 'active' && world.isWaiting()
        if (isServing && !story.maxLifetime) await orchestrator.terminate(NODE)
        return false
      })
      if (over) break
      if (world.isWaiting()) clock.ahead += HOUR
      await sleep(5)
    }
    return await host.ask(async ({ registry, list, database }) => {
      const record = (await registry.find(NODE)) as NodeRecord
      const entries = await list(NODE)
      const left = await database.selectFrom('left_clusters').selectAll().execute()
      const rows = await database.selectFrom('instances').selectAll().orderBy('number').execute()
      const instances = rows.map(readInstance).filter(({ up }) => up !== undefined)
      const { died, faults } = host
      const end = endOf(record, entries)
      const told = { end, record, entries, world, instances, leaps }
      return { ...told, left: left.length, died: died(), faults }
    })
  } finally {
    await host.stop()
    removeFolder(folder)
  }
}

async function stateOf({ database, list, faults }: Server): Promise<string> {
  const row = await database.selectFrom('launches').selectAll().executeTakeFirst()
  const left = await database.selectFrom('left_clusters').selectAll().execute()
  const log = (await list(NODE)).map(({ message }) => message)
  const { state, attempt, handle } = row ?? {}
  return `it does not end: ${JSON.stringify({ state, attempt, handle, left, log, faults })}`
}

function requestOf({ attempts, keepOnFailure, maxLifetime }: Story) {
  return {
    ...{ node_id: NODE, provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m', attempts },
    places: [
      { infra: 'aws/us-east-1', wait: WAIT },
      { infra: 'gcp/us-central1', wait: WAIT },
    ],
    launch_timeout: '30m',
    ...(keepOnFailure && { keep_on_failure: '20ms' }),
    ...(maxLifetime && { max_lifetime: '45m' }),
  }
}

function endOf({ status, failure }: NodeRecord, entries: readonly LogEntry[]): End {
  if (status === 'terminated') {
    const by = terminatedBy(entries.map(({ message }) => message))
    return by === 'max_lifetime' ? 'lifetime over' : 'terminated'
  }
  if (status !== 'failed') throw new Error(`it is over, and its status is ${status}`)
  return failure?.code === 'launch_timeout' ? 'timed out' : 'failed'
}

type Server = Awaited<ReturnType<typeof startLaunching>>

interface HostOptions {
  folder: string
  now: () => Date
  world: ReturnType<typeof createWorld>
  deaths: readonly Death[]
}

/** One process after the other, in one folder: who dies is followed by the next. */
function createHost({ folder, now, world, deaths }: HostOptions) {
  const faults: unknown[] = []
  let died = 0
  let current: Awaited<ReturnType<typeof boot>> | undefined
  return { ask, restart: end, stop: end, died: () => died, faults }

  /** Asks until a process lives to answer. */
  async function ask<T>(act: (server: Server) => Promise<T>): Promise<T> {
    for (;;) {
      current ??= await boot()
      const { server, life } = current
      try {
        const answer = await act(server)
        if (!life.isDead()) return answer
      } catch (error) {
        if (!life.isDead()) throw error
      }
      died += 1
      await end()
    }
  }

  async function boot() {
    const life = createLife(deaths[died])
    const server = await startLaunching({
      ...{ folder, now, attemptPauses: { first: 1, longest: 5 } },
      costs: { every: 20, reportsEvery: 50 },
      ...{ database: life.database, store: life.store },
      launchers: () => [life.launcher(world.launcher)],
    })
    try {
      await server.registry.catchUp()
      await server.orchestrator.resume()
    } catch (error) {
      // One that dies meanwhile is found to be dead by whoever asks.
      if (!life.isDead()) throw error
    }
    return { server, life }
  }

  async function end(): Promise<void> {
    if (!current) return
    const { server, life } = current
    current = undefined
    await server.stop().catch((error) => {
      if (!life.isDead()) throw error
    })
    faults.push(...server.faults.filter(isUnexpected))
  }
}

function isUnexpected(fault: unknown): boolean {
  const { error } = fault as { error: Error }
  if (error instanceof ProcessDied || error.name === 'AbortError') return false
  return !/it cannot be (?:taken down|started)/.test(error.message)
}
