import type { LaunchRequest } from '@launchtail/client/protocol'
import { placedRequests } from './attempts/attempt.js'
import { checkPlaces } from './attempts/check-places.js'
import { withSecretEnvs } from './launch-secrets.js'
import type { Launcher } from './launcher.js'
import { chooseLauncher } from './launchers.js'
import { type LimitSettings, limitsOf } from './limits/limits.js'
import type { Wanted } from './prepare-launch.js'
import { refuseUntestable } from './smoke/smoke.js'

export interface CheckRequestOptions {
  launchers: readonly Launcher[]
  limits: LimitSettings
}

/** The request as it is launched, by which launcher, and its limits. */
export type Checked = Pick<Wanted, 'request' | 'launcher' | 'limits'>

/** Throws an HttpError for what cannot be launched. */
export async function checkRequest(
  wanted: LaunchRequest,
  { launchers, limits }: CheckRequestOptions,
): Promise<Checked> {
  const request = withSecretEnvs(wanted)
  checkPlaces(request)
  const own = limitsOf(request, limits)
  const [first, ...others] = placedRequests(request)
  const launcher = chooseLauncher(launchers, first.provider)
  for (const placed of [first, ...others]) await launcher.check(placed)
  refuseUntestable(request)
  return { request, launcher, limits: own }
}
