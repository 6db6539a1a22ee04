import { backOff, withDeadline } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'
import { type Rounds, startRounds } from '../async/rounds.js'
import type { Launcher } from './launcher.js'
import type { LeftCluster, LeftClusters } from './left-clusters.js'

export interface TakeDownsOptions {
  leftClusters: LeftClusters
  launchers: readonly Launcher[]
  closing: AbortSignal
  onFault: (message: string, error: unknown) => void
  onNotice?: (message: string) => void
  /** Called when a cluster of this node is gone, or given up. */
  onGone?: (nodeId: string) => void
  takeDowns?: Partial<TakeDownPace>
}

/** Milliseconds. */
export interface TakeDownPace {
  /** Between two looks for clusters that are due. */
  readonly look: number
  /** The first and the longest pause between two attempts. */
  readonly first: number
  readonly longest: number
  /** How long one attempt may take. */
  readonly attempt: number
  /** How long after the end of its launch a cluster is given up. */
  readonly limit: number
}

const PACE: TakeDownPace = {
  look: 5000,
  first: 5000,
  longest: 5 * 60_000,
  attempt: 15 * 60_000,
  limit: 24 * 3_600_000,
}
/** How many are taken down at once: an attempt by the `sky` command is a Python program. */
const MOST = 4
/** A claim outlasts its attempt. */
const MARGIN = 60_000

/** Takes down the clusters that launches have left behind, each until it is gone or given up. */
export function createTakeDowns({
  leftClusters,
  launchers,
  closing,
  onFault,
  onNotice = () => {},
  onGone = () => {},
  takeDowns: given = {},
}: TakeDownsOptions) {
  const pace = { ...PACE, ...given }
  const attempts = new Set<Promise<void>>()
  let rounds: Rounds | undefined
  return { resume, stopped, look: () => void rounds?.now() }

  /** Begins; first with what the process before this one had begun. */
  async function resume(): Promise<void> {
    await leftClusters.release()
    rounds = startRounds(beginDue, {
      every: pace.look,
      onFault: (error) => onFault('looking for clusters that are left', error),
    })
    void rounds.now()
  }

  async function stopped(): Promise<void> {
    await rounds?.stop()
    await Promise.all(attempts)
    await leftClusters.release().catch((error) => onFault('letting go of left clusters', error))
  }

  async function beginDue(): Promise<void> {
    const free = MOST - attempts.size
    if (free <= 0 || closing.aborted) return
    for (const cluster of await leftClusters.claim(free, pace.attempt + MARGIN)) {
      const attempt = tryOnce(cluster)
        .catch((error) => onFault(`storing how ${nameOf(cluster)} was taken down`, error))
        .finally(() => attempts.delete(attempt))
      attempts.add(attempt)
    }
  }

  async function tryOnce(cluster: LeftCluster): Promise<void> {
    const { launch_id: launchId, attempts: count, age } = cluster
    try {
      await takeDown(cluster)
    } catch (error) {
      if (closing.aborted) return
      if (age < pace.limit) {
        onFault(`taking down ${nameOf(cluster)}`, error)
        return leftClusters.later(launchId, backOff(count - 1, pace))
      }
      const byHand = `check \`sky status\`, and take it down with \`sky down ${cluster.cluster_name}\``
      onFault(`gave up taking down ${nameOf(cluster)}: ${byHand}`, error)
      return forget(cluster)
    }
    await forget(cluster)
    const since = formatDuration(age, { parts: 2, decimals: 0 })
    const after = `attempt ${count}, begun ${since} after its end`
    onNotice(`took down ${nameOf(cluster)} (${after})`)
  }

  async function forget({ launch_id, node_id }: LeftCluster): Promise<void> {
    await leftClusters.remove(launch_id)
    onGone(node_id)
  }

  async function takeDown({ launcher: name, cluster_name }: LeftCluster): Promise<void> {
    const launcher = launchers.find((one) => one.name === name)
    if (!launcher) throw new Error(`the launcher "${name}" is not available any more`)
    await withDeadline(pace.attempt, closing, (signal) => launcher.takeDown(cluster_name, signal))
  }
}

function nameOf({ cluster_name, node_id }: LeftCluster): string {
  return `the cluster ${cluster_name}, left by the launch of ${node_id}`
}
