import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { Known, Launched, Launches, Once } from '../nodes/launches.js'
import type { createAdmission } from './admission.js'
import { checkRequest } from './check-request.js'
import type { Launcher } from './launcher.js'
import type { LimitSettings } from './limits/limits.js'
import type { KeepAnswer, Replies } from './replies.js'
import type { Budget } from './spending/budget.js'
import type { createTakeUp } from './take-up.js'

export interface LaunchingOptions {
  launchers: readonly Launcher[]
  limits: LimitSettings
  budget: Pick<Budget, 'pricesOf' | 'amount'>
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
  budget,
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
    if (wanted.mode === 'serve') {
      throw new HttpError(
        400,
        '"mode": "serve" launches a group: POST /admin/groups with "replicas" (--replicas)',
      )
    }
    const checked = await checkRequest(wanted, { launchers, limits, budget })
    return locked(async () => {
      const admitted = await admission.admit(checked.request, { ...checked, ...how })
      const { nodeId, clusterName, launchId } = admitted
      await takeUp.start(nodeId, launchId)
      return { node_id: nodeId, cluster_name: clusterName }
    }, checked.request.node_id)
  }
}
