import type { GroupRows } from '../../nodes/groups/group-rows.js'
import type { Known } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import type { createAdmission } from '../admission.js'
import type { LaunchRows } from '../launch-rows.js'
import type { Launcher } from '../launcher.js'
import type { LimitSettings } from '../limits/limits.js'
import type { OrchestratorOptions } from '../orchestrator-options.js'
import type { Replies } from '../replies.js'
import type { Budget } from '../spending/budget.js'
import type { createTakeUp } from '../take-up.js'

export interface GroupsOptions
  extends Pick<OrchestratorOptions, 'database' | 'store' | 'appender' | 'key' | 'clusterPrefix'> {
  rows: LaunchRows
  registry: Registry
  launchers: readonly Launcher[]
  limits: LimitSettings
  budget: Pick<Budget, 'pricesOf' | 'amount'>
  replies: Replies
  admission: ReturnType<typeof createAdmission>
  takeUp: Pick<ReturnType<typeof createTakeUp>, 'start'>
  /** The request of the node's newest launch. Throws 404 if it is not known. */
  known: (nodeId: string) => Promise<Known>
  terminate: (nodeId: string) => Promise<void>
  locked: Locked
  groups: GroupRows
  now: () => Date
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two looks at what is to be done. */
  every?: number | undefined
  /** Milliseconds between two looks at the services of groups. */
  servicesEvery?: number | undefined
  /** Aborts when this process closes. */
  closing: AbortSignal
}

/** As the launches' mutex; nothing else happens to these nodes meanwhile. */
export type Locked = <T>(act: () => Promise<T>, ...nodeIds: string[]) => Promise<T>
