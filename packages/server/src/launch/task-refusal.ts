import { HttpError } from '../errors.js'

/** Refuses a task with all of its faults, in one sentence. */
export function refusal(faults: readonly string[], cause?: unknown): HttpError {
  const message = `the task cannot be launched: ${faults.join('; ')}`
  return new HttpError(400, message, { cause })
}
