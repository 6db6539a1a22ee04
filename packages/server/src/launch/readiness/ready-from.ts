import type { LaunchRequest } from '@launchtail/client/protocol'
import { parseTask } from '../task.js'

export type ReadinessFrom = NonNullable<NonNullable<LaunchRequest['readiness']>['from']>

/** Where the launch has to be ready, if that is decided: a managed job that serves nothing only runs. */
export function readyFrom(request: LaunchRequest): ReadinessFrom | undefined {
  const { readiness, mode } = request
  if (readiness?.from !== undefined || mode !== 'job') return readiness?.from
  return servesNothing(request) ? 'job' : undefined
}

/** True where neither the request nor its task says that something is to answer. */
function servesNothing({ task, readiness, envs }: LaunchRequest): boolean {
  if (task === undefined || readiness?.path !== undefined || readiness?.port !== undefined) {
    return false
  }
  const { resources, fields, envs: own } = parseTask(task)
  const port = envs?.PORT ?? own.PORT ?? resources?.ports ?? fields.service
  return port === undefined || port === null
}
