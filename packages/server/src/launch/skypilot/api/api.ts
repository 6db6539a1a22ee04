import { type ManagedJobs, managedJobs } from '../jobs/managed-jobs.js'
import { type Services, skyServices } from '../serve/services.js'
import { callerNamed, DEFAULT_USER } from './caller.js'
import { type SkyClusters, skyClusters } from './clusters.js'
import { healthIn, type SkyHealth } from './health.js'
import type { SkyHttp } from './http.js'
import { type SkyPlans, skyPlans } from './plans.js'
import { type SkyRequests, skyRequests } from './request-calls.js'
import { unlikeApiServer } from './unlike.js'

/** The calls of the API server that a launch needs. Nothing in its answers is taken for granted. */
export interface SkyApi extends Omit<SkyRequests, 'schedule' | 'value'>, SkyClusters, SkyPlans {
  readonly origin: string
  /** What managed jobs need. */
  readonly jobs: ManagedJobs
  /** What services of SkyServe need. */
  readonly services: Services
  /** Throws SkyApiError where the server cannot be worked with, and says what to do. */
  health(signal?: AbortSignal): Promise<SkyHealth>
  /** The request's id, as soon as the server has taken it. */
  launch(task: string, cluster: string, signal?: AbortSignal): Promise<string>
  /** Cancels a request. Never all of them, as an empty list would. */
  cancel(id: string, signal: AbortSignal): Promise<void>
  /** A request's own output from its beginning, and on until it is over. */
  output(id: string, signal: AbortSignal): AsyncGenerator<Buffer, void>
  /** What SkyPilot's own check of what can be launched prints. */
  check(signal: AbortSignal): Promise<string>
  /** A job's output from its beginning, and on until it is over. */
  jobOutput(cluster: string, job: number | null, signal: AbortSignal): AsyncGenerator<Buffer, void>
}

export interface SkyApiOptions {
  http: SkyHttp
  /** The user that requests come from, where a login does not decide. */
  user?: string
  /** The longest pause between two looks at a request, in milliseconds. */
  poll?: number
  /** Milliseconds without a byte after which a request's stream counts as cut. */
  silence?: number
  /** How long a request that only asks something may take, in milliseconds. */
  patience?: number
}

/** A heartbeat comes every 30 s. */
const SILENCE = 90_000
/** A job may say nothing for hours. The socket's keep-alive notices a connection that was cut. */
const JOB_SILENCE = 6 * 3_600_000
/** Such a request waits for a worker of SkyPilot's, and may then ask a cloud. */
const PATIENCE = 5 * 60_000

/** How much is read of what a short request prints. */
const MOST_TEXT = 256 * 1024

export function skyApi({
  http,
  user = DEFAULT_USER,
  poll = 500,
  silence = SILENCE,
  patience = PATIENCE,
}: SkyApiOptions): SkyApi {
  const { origin } = http
  const caller = callerNamed(user)
  const { schedule, value, ...requests } = skyRequests({ http, caller, poll, patience })
  const clusters = skyClusters({ schedule, value }, origin)
  const managed = { schedule, value, http, caller, silence: JOB_SILENCE }
  const jobs = managedJobs(managed)
  const services = skyServices(managed)
  return {
    origin,
    jobs,
    services,
    ...requests,
    ...clusters,
    ...skyPlans({ http, caller, schedule, settled: requests.settled, textOf }),
    health,
    launch,
    cancel,
    check,
    output,
    jobOutput,
  }

  async function health(signal?: AbortSignal): Promise<SkyHealth> {
    const { body } = await http.ask({ method: 'GET', path: '/api/health', signal })
    const health = healthIn(body, origin)
    if (!health) throw unlikeApiServer(origin)
    return health
  }

  function launch(task: string, name: string, signal?: AbortSignal): Promise<string> {
    return schedule('/launch', { task, cluster_name: name }, signal)
  }

  async function cancel(id: string, signal: AbortSignal): Promise<void> {
    await value('/api/cancel', { request_ids: [id] }, signal)
  }

  async function check(signal: AbortSignal): Promise<string> {
    return textOf(await schedule('/check', { clouds: null, verbose: false }, signal), signal)
  }

  /** All that a short request prints. */
  async function textOf(id: string, signal: AbortSignal): Promise<string> {
    const pieces: Buffer[] = []
    for await (const piece of output(id, signal)) pieces.push(piece)
    return Buffer.concat(pieces).toString('utf8').slice(0, MOST_TEXT)
  }

  function output(id: string, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const query = `request_id=${encodeURIComponent(id)}&format=console&follow=true`
    return http.stream({ method: 'GET', path: `/api/stream?${query}`, signal, silence })
  }

  function jobOutput(name: string, job: number | null, signal: AbortSignal) {
    const body = { ...caller, cluster_name: name, job_id: job, follow: true, tail: 0 }
    return http.stream({ method: 'POST', path: '/logs', body, signal, silence: JOB_SILENCE })
  }
}
