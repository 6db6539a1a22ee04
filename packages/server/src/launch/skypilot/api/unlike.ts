import { SkyApiError } from './error.js'

/** The answer is none that an API server gives: another program, or a proxy, is at this address. */
export function unlikeApiServer(origin: string): SkyApiError {
  return new SkyApiError(
    `the SkyPilot API server ${origin} did not answer as one; check SKYPILOT_API_SERVER_ENDPOINT`,
    { passes: true },
  )
}
