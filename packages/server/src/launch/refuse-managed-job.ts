import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'

/** Refuses a managed job where launches do not go through SkyPilot's API server. */
export function refuseManagedJob({ mode }: LaunchRequest, why: string): void {
  if (mode === 'job') throw new HttpError(400, `"mode" cannot be "job": ${why}`)
}
