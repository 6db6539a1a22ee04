import { pauseFor } from '../../../async/retry.js'
import { HttpError } from '../../../errors.js'
import type { Launch, Launcher } from '../../launcher.js'
import { PACE, type Pace } from '../pace.js'
import { skyTaskOf, taskYaml } from '../task.js'
import { DEFAULT_PORT, type Versions } from '../vllm-task.js'
import { skyApi } from './api.js'
import { type Answer, askForLaunch } from './ask.js'
import { attach } from './attach.js'
import { SkyApiError, skyHttp } from './http.js'
import { intentIn } from './intent.js'
import { takeDown } from './take-down.js'

export interface SkypilotLauncherOptions {
  endpoint: string
  token?: string | undefined
  versions: Versions
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  /** Told what whoever runs this server should know. */
  onNotice?: (message: string) => void
  pace?: Partial<Pace>
  /** For tests: how long an answer may take, in milliseconds, and how often it is asked for. */
  http?: { timeout?: number; poll?: number; silence?: number }
}

/** What finds a launch again. */
interface Handle {
  /** Null: it is not known (yet) whether SkyPilot has taken the launch. */
  readonly request: string | null
  /** When it was asked for, in milliseconds since 1970. */
  readonly at: number
  /** Where the server listens on the cluster. */
  readonly port: number
  /** The API server's, when it was asked. */
  readonly version?: string
  /** Why it was not launched, and never will be. */
  readonly refused?: string
}

const CHECK_TIMEOUT = 5000
const OPEN =
  'asks nobody for a login: whoever can reach it can launch, and read the secrets of launches'
/** How long one attempt at taking a cluster down may take. */
const CANCEL_TIMEOUT = 15 * 60_000

/** Launches nodes through SkyPilot's API server. */
export function skypilotLauncher({
  endpoint,
  token,
  versions,
  launchTimeout,
  onNotice = () => {},
  pace: given = {},
  http: { timeout, ...how } = {},
}: SkypilotLauncherOptions): Launcher {
  const pace = { ...PACE, ...given }
  const http = skyHttp({ endpoint, token, ...(timeout !== undefined && { timeout }) })
  const api = skyApi({ http, ...how })
  // Somebody waits for the answer.
  const asked = skyApi({ http: skyHttp({ endpoint, token, timeout: CHECK_TIMEOUT }) })
  /** Launches that are being asked for: whoever cancels one waits for the answer. */
  const asking = new Map<string, Promise<unknown>>()
  let noticed = false
  return {
    name: 'skypilot',
    serves: (provider) => provider !== 'local',
    async check(request) {
      skyTaskOf(request, versions)
      const { open } = await asked.health().catch((error) => {
        throw new HttpError(503, error.message, { cause: error, headers: { 'Retry-After': '5' } })
      })
      if (open && !noticed) onNotice(`the SkyPilot API server ${asked.origin} ${OPEN}`)
      noticed = open
    },
    start,
    attach: async function* (launch, handle, { state, signal }) {
      const known = handleOf(handle)
      if (known.refused !== undefined) return { message: known.refused }
      const intent = intentIn(launch.folder)
      const id = known.request ?? intent.request()
      return yield* attach({
        ...{ launch, api, intent, at: known.at, state, launchTimeout, pace, signal },
        ask: async (stop) => (id === undefined ? ask(launch, stop) : { is: 'taken', id }),
        port: known.port,
      })
    },
    cancel,
  }

  async function start(launch: Launch, signal?: AbortSignal): Promise<Handle> {
    const handle = { at: Date.now(), port: skyTaskOf(launch.request, versions).port }
    const enough = AbortSignal.timeout(pace.start)
    const until = signal ? AbortSignal.any([signal, enough]) : enough
    for (let pause = pace.first; ; pause = Math.min(pause * 2, pace.longest)) {
      try {
        const answer = await ask(launch, signal ?? new AbortController().signal)
        if (answer.is === 'refused') return { ...handle, request: null, refused: answer.why }
        const { id = null, version } = answer
        return { ...handle, request: id, ...(version !== undefined && { version }) }
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof SkyApiError)) throw error
      }
      // It is asked for again while it is followed, which can be given up at any moment.
      if (await pauseFor(pause, until).then(isFalse, isTrue)) {
        signal?.throwIfAborted()
        return { ...handle, request: null }
      }
    }
  }

  async function ask(launch: Launch, signal: AbortSignal): Promise<Answer> {
    const { clusterName: cluster, folder, request } = launch
    const intent = intentIn(folder)
    if (intent.isCancelled()) return { is: 'refused', why: 'the launch was cancelled' }
    const yaml = taskYaml(skyTaskOf(request, versions), true)
    const asked = askForLaunch({ api, cluster, yaml, intent, pace, signal })
    asking.set(folder, asked)
    try {
      return await asked
    } finally {
      if (asking.get(folder) === asked) asking.delete(folder)
    }
  }

  async function cancel(launch: Launch, handle: unknown, signal?: AbortSignal): Promise<void> {
    const known = handleOf(handle)
    if (known.refused !== undefined) return
    const { clusterName: cluster, folder } = launch
    const intent = intentIn(folder)
    intent.cancel()
    // How it went is asked for below.
    await asking.get(folder)?.catch(() => {})
    const id = known.request ?? intent.request()
    const within = AbortSignal.timeout(CANCEL_TIMEOUT)
    const stop = signal ? AbortSignal.any([signal, within]) : within
    try {
      const asked = intent.asked()?.at ?? 0
      const fresh = Date.now() - asked < pace.settle
      await takeDown({ api, cluster, id, fresh, signal: stop })
    } catch (error) {
      // Nothing of it was ever asked for from here, so most likely there is nothing.
      if (id === undefined && !intent.asked() && error instanceof SkyApiError) return
      throw error
    }
  }
}

function handleOf(handle: unknown): Handle {
  const { request, at, port, refused } = (handle ?? {}) as Partial<Handle>
  return {
    request: typeof request === 'string' ? request : null,
    at: typeof at === 'number' ? at : Date.now(),
    port: typeof port === 'number' ? port : DEFAULT_PORT,
    ...(typeof refused === 'string' && { refused }),
  }
}

const isTrue = () => true
const isFalse = () => false
