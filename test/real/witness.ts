import { linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import { ask, get } from './lab/ask.js'
import type { Lab } from './lab/lab.js'

/** What SkyPilot itself tells of a cluster, collected while it exists: what is down is not told of. */
export interface Witness {
  /** The steps of the launch, oldest first. Times are in milliseconds since 1970. */
  events(): readonly Step[]
  /** The statuses of the job, as they were seen one after the other. */
  statuses(): readonly Step[]
  /** The lines of the request's log; undefined where SkyPilot has forgotten the request. */
  requestLog(): Promise<string[] | undefined>
  /** The lines of the job's log. */
  jobLog(): string[]
}

export interface Step {
  readonly name: string
  readonly at: number
}

/** How often the files on the node are looked at, and how many looks there are for a question. */
const EVERY = 2000
const LOOKS = 5

export function witness(lab: Lab, cluster: string, signal: AbortSignal): Witness {
  const { endpoint } = lab.api
  const kept = join(lab.folder, 'kept', cluster)
  let events: readonly Step[] = []
  const statuses: Step[] = []
  mkdirSync(kept, { recursive: true })
  void watch()
  return { events: () => events, statuses: () => statuses, requestLog, jobLog }

  async function watch(): Promise<void> {
    for (let look = 0; !signal.aborted; look += 1) {
      keepLogs()
      keepStatus()
      // Nothing is told while SkyPilot is away, nor once the cluster is gone.
      if (look % LOOKS === 0) await askForEvents().catch(() => {})
      await sleep(EVERY, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  async function askForEvents(): Promise<void> {
    const query = { cluster_name: cluster, event_type: 'STATUS_CHANGE', include_timestamps: true }
    const told = (await ask(endpoint, '/cluster_events', query)) as Told[]
    events = told.map(({ reason, transitioned_at: at }) => ({ name: reason, at: at * 1000 }))
  }

  /** Read where `/job_status` reads it: that call takes seconds of a core, on the node. */
  function keepStatus(): void {
    const runtime = list('/tmp').find((name) => name.startsWith(`${cluster}-`))
    if (runtime === undefined) return
    const name = tryTo(() => {
      const database = new DatabaseSync(join('/tmp', runtime, '.sky/jobs.db'), { readOnly: true })
      const row = database.prepare('SELECT status FROM jobs ORDER BY job_id LIMIT 1').get()
      database.close()
      return (row as { status: string } | undefined)?.status
    })
    if (name && name !== statuses.at(-1)?.name) statuses.push({ name, at: Date.now() })
  }

  /** A second name for each log keeps it when the cluster is taken down. */
  function keepLogs(): void {
    const clusters = join(lab.login.home, '.sky_clusters')
    for (const name of list(clusters).filter((name) => name.startsWith(`${cluster}-`))) {
      const logs = join(clusters, name, 'sky_logs')
      for (const job of list(logs)) {
        const to = join(kept, job)
        if (!list(kept).includes(job)) tryTo(() => linkSync(join(logs, job, 'run.log'), to))
      }
    }
  }

  function jobLog(): string[] {
    return list(kept).flatMap((job) => readFileSync(join(kept, job), 'utf8').split('\n'))
  }

  async function requestLog(): Promise<string[] | undefined> {
    const all = await get(endpoint, '/api/status?all_status=true&limit=500')
    const requests = (await all.json()) as Record<string, unknown>[]
    const ours = requests.find((one) => one.name === 'sky.launch' && one.cluster_name === cluster)
    if (!ours) return undefined
    const query = `request_id=${ours.request_id}&format=plain&follow=false`
    return (await (await get(endpoint, `/api/stream?${query}`)).text()).split('\n')
  }
}

interface Told {
  reason: string
  transitioned_at: number
}

function list(folder: string): string[] {
  return tryTo(() => readdirSync(folder)) ?? []
}

function tryTo<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    // It is not there yet, or not any more.
    return undefined
  }
}
