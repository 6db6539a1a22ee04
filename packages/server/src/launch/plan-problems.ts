import { type LaunchRequest, launchSchema, type PlanProblem } from '@launchtail/client/protocol'
import type { HttpError } from '../errors.js'
import { TaskRefusal } from './task-refusal.js'

/** The faults of a request that would be refused, each with the field that it is about. */
export function problemsIn(error: HttpError, request: LaunchRequest): PlanProblem[] {
  const isTask = error instanceof TaskRefusal
  const faults = isTask ? error.faults : [error.message]
  return faults.map((message) => ({
    field: fieldNamedIn(message, request) ?? (isTask ? 'task' : 'provider'),
    message,
  }))
}

/** The first field of a launch whose name the message quotes, unless it is one of the task's. */
function fieldNamedIn(message: string, request: LaunchRequest): string | undefined {
  const quoted = [...message.matchAll(/"([a-z_]+(?:\.\w+)?)"/g)].map(([, name = '']) => name)
  const isOfTask = (name: string) => name === 'num_nodes' && request.num_nodes === undefined
  return quoted.find(
    (name) => Object.hasOwn(launchSchema.shape, name.split('.')[0] ?? '') && !isOfTask(name),
  )
}
