import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Known, Launched, Launches, Once } from '../nodes/launches.js'
import type { createAdmission } from './admission.js'
import { placedRequests } from './attempts/attempt.js'
import { checkPlaces } from './attempts/check-places.js'
import { withSecretEnvs } from './launch-secrets.js'
import type { Launcher } from './launcher.js'
import { chooseLauncher } from './launchers.js'
import { type LimitSettings, limitsOf } from './limits/limits.js'
import type { KeepAnswer, Replies } from './replies.js'
import { refuseUntestable } from './smoke/smoke.js'
import type { createTakeUp } from './take-up.js'

export interface LaunchingOptions {
  launchers: readonly Launcher[]
  limits: LimitSettings
  replies: Replies
  admission: Pick<ReturnType<typeof createAdmission>, 'admit'>
  takeUp: Pick<ReturnType<typeof createTakeUp>, 'start'>
  locked: <T>(act: () => Promise<T>, nodeId?: string) => Promise<T>
  /** The request of the node's newest launch. Throws 404 if it is not known. */
  known: (nodeId: string) => Promise<Known>
}

/** Checks what is to be launched, stores it, and begins to carry it out. */
export function createLaunching({
  launchers,
  limits,
  replies,
  admission,
  takeUp,
  locked,
  known,
}: LaunchingOptions): Pick<Launches, 'launch' | 'relaunch'> {
  return {
    launch: (request, once) => answered(once, (keep) => launchNow(request, { keep })),
    // A repeated request gets its answer also when the secrets are not known any more.
    relaunch: (nodeId, change, once) =>
      answered(once, async (keep) =>
        launchNow(change(await known(nodeId)), { keep, relaunchOf: nodeId }),
      ),
  }

  async function answered(
    once: Once | undefined,
    act: (keep: KeepAnswer<Launched>) => Promise<Launched>,
  ): Promise<Launched> {
    return once ? replies.once(once, act) : act(async () => {})
  }

  async function launchNow(
    wanted: LaunchRequest,
    how: { keep: KeepAnswer<Launched>; relaunchOf?: string },
  ): Promise<Launched> {
    const request = withSecretEnvs(wanted)
    checkPlaces(request)
    const own = limitsOf(request, limits)
    const [first, ...others] = placedRequests(request)
    const launcher = chooseLauncher(launchers, first.provider)
    for (const placed of [first, ...others]) await launcher.check(placed)
    refuseUntestable(request)
    return locked(async () => {
      const admitted = await admission.admit(request, { launcher, limits: own, ...how })
      const { nodeId, clusterName, launchId } = admitted
      await takeUp.start(nodeId, launchId)
      return { node_id: nodeId, cluster_name: clusterName }
    }, request.node_id)
  }
}
