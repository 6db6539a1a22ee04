import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import { readinessOf } from '../readiness/readiness.js'
import { readyFrom } from '../readiness/ready-from.js'
import { parseTask } from '../task.js'

/** How a server that says it is ready is tested: by a question to its model, or by a path. */
export interface Smoke {
  readonly ask:
    | { readonly kind: 'chat' | 'embeddings'; readonly prompt: string; readonly model?: string }
    | { readonly kind: 'path'; readonly path: string }
  /** The answer has to contain this. */
  readonly expect?: string
  readonly headers: Readonly<Record<string, string>>
}

/** The smoke test that a launch asks for, if it asks for one. */
export function smokeOf(request: LaunchRequest): Smoke | undefined {
  const { smoke, model } = request
  if (!smoke) return undefined
  const { prompt, path, expect } = smoke
  const kind = request.engine === 'tei' ? 'embeddings' : 'chat'
  const question = { kind, prompt: prompt ?? '', ...(model && { model }) } as const
  return {
    ask: path === undefined ? question : { kind: 'path', path },
    ...(expect !== undefined && { expect }),
    headers: headersFor(request),
  }
}

/** Refuses a smoke test where nothing is asked whether it is ready. */
export function refuseUntestable(request: LaunchRequest): void {
  if (!request.smoke || readyFrom(request) !== 'job') return
  throw new HttpError(
    400,
    '"smoke" needs a server, and this launch is ready as soon as its job runs',
  )
}

/** Variables that hold the key which an engine asks its clients for. */
const KEYS = ['VLLM_API_KEY', 'API_KEY']

/** The headers of the task's own readiness probe, and the engine's key. */
function headersFor(request: LaunchRequest): Record<string, string> {
  const { headers = {} } = readinessOf(request)
  const own = request.task === undefined ? undefined : parseTask(request.task)
  const values: Record<string, string | null> = {
    ...own?.envs,
    ...own?.secrets,
    ...request.envs,
    ...request.secrets,
  }
  const key = KEYS.map((name) => values[name]).find((value) => value)
  return { ...(key && { Authorization: `Bearer ${key}` }), ...headers }
}
