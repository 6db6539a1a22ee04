import type { GroupRequest, LaunchedGroup, LaunchRequest } from '@launchtail/client/protocol'
import type { Known, Once } from '../launches.js'

/** Launching of groups, as the API needs it. */
export interface Groups {
  /** As `Launches.launch`: all of its nodes are certain to be launched, or none is. */
  launch(request: GroupRequest, once?: Once): Promise<LaunchedGroup & { replayed?: true }>
  /**
   * Replaces the group's nodes by new ones with what one of them was launched with, as `change` makes it.
   * Returns once that is certain to be done. Throws 404 for an unknown group, and 409 for one that is
   * being updated or ends.
   */
  update(
    groupId: string,
    change: (known: Known) => LaunchRequest,
    how: UpdateOptions,
    once?: Once,
  ): Promise<{ replayed?: true }>
  /** Terminates all its nodes, and stops its update. Returns once that is certain to be done. */
  terminate(groupId: string): Promise<void>
  /**
   * Removes what there is of a group, each node by `forgetNode`. Throws 409 if one of them is not over.
   */
  forget(groupId: string, forgetNode: (nodeId: string) => Promise<void>): Promise<void>
}

export interface UpdateOptions {
  /** Only these of its nodes. */
  readonly only?: readonly string[] | undefined
  /** How many new nodes at a time. */
  readonly surge: number
  /** How many nodes the group is to have. Default: as many as it has. */
  readonly replicas?: number | undefined
  /** False if nothing is to be different but their number: then none is replaced. */
  readonly replaces: boolean
}
