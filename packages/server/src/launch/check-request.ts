import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import { placedRequests } from './attempts/attempt.js'
import { checkPlaces } from './attempts/check-places.js'
import { withSecretEnvs } from './launch-secrets.js'
import type { Launcher } from './launcher.js'
import { chooseLauncher } from './launchers.js'
import { type LimitSettings, type Limits, limitsOf } from './limits/limits.js'
import type { Wanted } from './prepare-launch.js'
import { refuseUntestable } from './smoke/smoke.js'
import type { Budget } from './spending/budget.js'

export interface CheckRequestOptions {
  launchers: readonly Launcher[]
  limits: LimitSettings
  budget: Pick<Budget, 'pricesOf' | 'amount'>
}

/** The request as it is launched, by which launcher, its limits, and its price where there is a budget. */
export type Checked = Pick<Wanted, 'request' | 'launcher' | 'limits' | 'prices'>

/** Throws an HttpError for what cannot be launched. */
export async function checkRequest(
  wanted: LaunchRequest,
  { launchers, limits, budget }: CheckRequestOptions,
): Promise<Checked> {
  const request = withSecretEnvs(wanted)
  checkPlaces(request)
  const own = limitsOf(request, limits)
  const [first, ...others] = placedRequests(request)
  const launcher = chooseLauncher(launchers, first.provider)
  for (const placed of [first, ...others]) await launcher.check(placed)
  if (request.mode === 'serve') refuseEnds(own, budget)
  refuseUntestable(request)
  const prices = await budget.pricesOf(launcher, [first, ...others])
  return { request, launcher, limits: own, prices }
}

/** SkyServe replaces what is ended, and launches replicas that nobody has a price of. */
function refuseEnds({ maxLifetime, idleTimeout }: Limits, { amount }: Pick<Budget, 'amount'>) {
  const what =
    maxLifetime !== undefined || idleTimeout !== undefined
      ? 'this server ends nodes after a time, and SkyServe would replace them'
      : amount !== undefined
        ? 'this server has a budget, and the price of replicas is not known'
        : undefined
  if (what !== undefined) throw new HttpError(400, `"mode" cannot be "serve": ${what}`)
}
