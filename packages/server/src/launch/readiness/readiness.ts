import { type LaunchRequest, parseDuration } from '@launchtail/client/protocol'
import { engineOf } from '../engines/index.js'
import { parseTask } from '../task.js'
import { KNOWN_PATHS } from './known-paths.js'
import { type ReadinessFrom, readyFrom } from './ready-from.js'
import { type TaskProbe, taskProbe } from './task-probe.js'

/** How the node's server is asked whether it is ready. */
export interface Readiness extends Omit<TaskProbe, 'path'> {
  /** Default: `auto`. */
  readonly from?: ReadinessFrom
  /** The paths it is asked at. The first that it has decides. */
  readonly paths: readonly string[]
  /** True where the paths are ours, because nobody has named one. */
  readonly guessed: boolean
  readonly port?: number
  /** Milliseconds that the launch may take, instead of what this server allows. */
  readonly timeout?: number
}

/** Reads it from the request, or else from the task's `service`. Adds what is wrong to the faults. */
export function readinessOf(request: LaunchRequest, faults: string[] = []): Readiness {
  const { readiness = {} } = request
  const { path: taskPath, ...more } = probeOf(request, faults)
  // What the task sends belongs to the task's own path.
  const { path = taskPath ?? enginePath(request), port, timeout: text } = readiness
  const from = readyFrom(request)
  const timeout = shortest(text, request.launch_timeout)
  return {
    ...(readiness.path === undefined && more),
    ...(from !== undefined && { from }),
    paths: path === undefined ? KNOWN_PATHS : [path],
    guessed: path === undefined,
    ...(port !== undefined && { port }),
    ...(timeout !== undefined && { timeout }),
  }
}

/** In milliseconds; undefined where neither is given. */
function shortest(...texts: readonly (string | undefined)[]): number | undefined {
  const given = texts.flatMap((text) => (text === undefined ? [] : (parseDuration(text) ?? [])))
  return given.length === 0 ? undefined : Math.min(...given)
}

/** Where the server of an engine that is named says that it is ready. */
function enginePath(request: LaunchRequest): string | undefined {
  return engineOf(request)?.readyPath || undefined
}

function probeOf({ task, envs, secrets }: LaunchRequest, faults: string[]): TaskProbe {
  if (task === undefined) return {}
  const parsed = parseTask(task)
  const values = { ...parsed.envs, ...parsed.secrets, ...envs, ...secrets }
  return taskProbe(parsed.fields.service, values, faults)
}
