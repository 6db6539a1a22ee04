import { HttpError } from '../errors.js'

/** The refusal of a task, with everything that is wrong with it. */
export class TaskRefusal extends HttpError {
  readonly faults: readonly string[]

  constructor(faults: readonly string[], cause?: unknown) {
    super(400, `the task cannot be launched: ${faults.join('; ')}`, { cause })
    this.faults = faults
  }
}

/** Refuses a task with all of its faults, in one sentence. */
export function refusal(faults: readonly string[], cause?: unknown): HttpError {
  return new TaskRefusal(faults, cause)
}
