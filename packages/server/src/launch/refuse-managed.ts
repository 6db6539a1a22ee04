import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'

/** Refuses managed jobs and services where launches do not go through SkyPilot's API server. */
export function refuseManaged({ mode = 'cluster' }: LaunchRequest, why: string): void {
  if (mode !== 'cluster') throw new HttpError(400, `"mode" cannot be "${mode}": ${why}`)
}
