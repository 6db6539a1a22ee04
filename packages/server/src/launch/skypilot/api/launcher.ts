import { withDeadline } from '@launchtail/client/async'
import { HttpError } from '../../../errors.js'
import type { Launch, Launcher } from '../../launcher.js'
import { type EndJobOptions, endJob, endJobsNamed } from '../jobs/end-job.js'
import { PACE, type Pace } from '../pace.js'
import { endService, endWholeService } from '../serve/end-service.js'
import { readReplicaName } from '../serve/replica-name.js'
import { checkServe } from '../serve/task.js'
import { watchServices } from '../serve/watch-services.js'
import { skyTaskOf } from '../task.js'
import type { Versions } from '../vllm-task.js'
import { skyApi } from './api.js'
import { attach } from './attach.js'
import { SkyApiError } from './error.js'
import { handleOf } from './handle.js'
import { skyHttp } from './http.js'
import { intentIn } from './intent.js'
import { planAt } from './plan.js'
import { createStarter } from './starter.js'
import { takeDown } from './take-down.js'

export interface SkypilotLauncherOptions {
  endpoint: string
  token?: string | undefined
  /** The user that requests come from, where a login does not decide. */
  user?: string
  versions: Versions
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  /** Called with what the operator of this server should know. */
  onNotice?: (message: string) => void
  pace?: Partial<Pace>
  /** For tests: milliseconds, as in SkyHttpOptions and SkyApiOptions. */
  http?: { timeout?: number; poll?: number; silence?: number; patience?: number }
}

/** A caller waits for this answer. */
const CHECK_TIMEOUT = 5000
const NO_PLAN =
  '"mode": "serve" cannot be planned: SkyServe looks for a place for each replica by itself'
const OPEN =
  'asks nobody for a login: whoever can reach it can launch, and read the secrets of launches'

/** Launches nodes through SkyPilot's API server. */
export function skypilotLauncher({
  endpoint,
  token,
  user,
  versions,
  launchTimeout,
  onNotice = () => {},
  pace: given = {},
  http: { timeout, ...waits } = {},
}: SkypilotLauncherOptions): Launcher {
  const pace = { ...PACE, ...given }
  const http = skyHttp({ endpoint, token, ...(timeout !== undefined && { timeout }) })
  const named = user === undefined ? {} : { user }
  const api = skyApi({ http, ...named, ...waits })
  const checks = skyApi({ ...named, http: skyHttp({ endpoint, token, timeout: CHECK_TIMEOUT }) })
  const starter = createStarter({ api, versions, pace, launchTimeout })
  const services = watchServices(api, pace)
  let noticed = false
  return {
    name: 'skypilot',
    serves: (provider) => provider !== 'local',
    async check(request) {
      if (request.mode === 'serve') checkServe(request, { versions })
      else skyTaskOf(request, { versions })
      const { open } = await checks.health().catch((error) => {
        throw new HttpError(503, error.message, { cause: error, headers: { 'Retry-After': '5' } })
      })
      if (open && !noticed) onNotice(`the SkyPilot API server ${checks.origin} ${OPEN}`)
      noticed = open
    },
    async plan(request, hidden) {
      if (request.mode === 'serve') throw new HttpError(400, NO_PLAN)
      return planAt(checks, { request, versions, hidden })
    },
    start: starter.start,
    attach: async function* (launch, handle, { state, signal }) {
      const { refused, request, at, port, isServe = false } = handleOf(handle)
      if (refused !== undefined) return { message: refused }
      const intent = intentIn(launch.folder)
      const find = async (stop: AbortSignal) => {
        const refused = intent.refused()
        const id = refused ? intent.request() : (request ?? intent.request())
        return id === undefined ? starter.ask(launch, stop) : ({ is: 'taken', id } as const)
      }
      const watch = isServe ? services : undefined
      const about = { launch, api, intent, at, ask: find, port, state }
      const options = { ...about, launchTimeout, pace, services: watch }
      return yield* attach({ ...options, signal })
    },
    cancel,
    costs: api.costs,
    services: {
      look: services.look,
      end: (name, signal) => endService({ api, name, signal }),
    },
    takeDown: (cluster, signal) =>
      withDeadline(pace.cancel, signal, async (within) => {
        await endJobsNamed(cluster, { api, pace, signal: within })
        await takeDown({ api, cluster, id: undefined, signal: within })
      }),
  }

  async function cancel(launch: Launch, handle: unknown, signal?: AbortSignal): Promise<void> {
    const { refused, request, isServe } = handleOf(handle)
    if (refused !== undefined) return
    const { clusterName: cluster, folder } = launch
    const { service: name } = readReplicaName(cluster)
    const end =
      isServe || launch.request.mode === 'serve'
        ? (how: EndJobOptions) => endWholeService({ ...how, name, fresh: how.fresh ?? false })
        : launch.request.mode === 'job'
          ? endJob
          : takeDown
    const intent = intentIn(folder)
    intent.cancel()
    await starter.asked(folder)
    const id = request ?? intent.request()
    const fresh = Date.now() - (intent.asked()?.at ?? 0) < pace.settle
    try {
      await withDeadline(pace.cancel, signal, (within) =>
        end({ api, cluster, id, fresh, intent, pace, signal: within }),
      )
    } catch (error) {
      // Nothing was ever asked for from here, so most likely there is nothing.
      if (id === undefined && !intent.asked() && error instanceof SkyApiError) return
      throw error
    }
  }
}
