import { launchSchema, type PlanProblem } from '@launchtail/client/protocol'
import type { HttpError } from '../errors.js'
import { TaskRefusal } from './task-refusal.js'

/** The faults of a request that would be refused, each with the field that it is about. */
export function problemsIn(error: HttpError): PlanProblem[] {
  const isTask = error instanceof TaskRefusal
  const faults = isTask ? error.faults : [error.message]
  return faults.map((message) => ({
    field: fieldNamedIn(message) ?? (isTask ? 'task' : 'provider'),
    message,
  }))
}

/** The first field of a launch whose name the message quotes. */
function fieldNamedIn(message: string): string | undefined {
  const quoted = [...message.matchAll(/"([a-z_]+(?:\.\w+)?)"/g)].map(([, name = '']) => name)
  return quoted.find((name) => Object.hasOwn(launchSchema.shape, name.split('.')[0] ?? ''))
}
