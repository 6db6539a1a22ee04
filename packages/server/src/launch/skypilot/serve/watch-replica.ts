import type { Outcome, Replica, Service } from '../../launcher.js'
import type { LastLines } from '../../supervised/last-lines.js'
import type { Following } from '../api/following.js'
import { readReplicaName } from './replica-name.js'
import { hasFailed } from './service.js'
import type { ServiceWatch } from './watch-services.js'
import { replicaFailed } from './words.js'

export interface WatchReplicaOptions {
  /** True where the request that brings the service up is over. */
  wasUp: boolean
  watch: ServiceWatch
  following: Following
  last: LastLines
}

export interface ReplicaWatch {
  /** Asks now. */
  look(signal: AbortSignal): Promise<void>
  /** The replica as it was found last; undefined as long as there is none. */
  latest(): Replica | undefined
  /** How its launch has ended, once it has. Its details are the last lines that were read until then. */
  ended(): (() => Outcome) | undefined
}

/** How often in a row a replica, or its service, must be missing that was there. */
const MISSING = 2

const terminated = (): Outcome => ({
  message: 'SkyServe has taken the replica down',
  terminated: true,
})

/** Watches a replica of a service, from when there is none yet to its end. */
export function watchReplica(options: WatchReplicaOptions): ReplicaWatch {
  const { watch, following, last } = options
  const { launch, state, pace } = following
  const { service: name, replica: id } = readReplicaName(launch.clusterName)
  const since = Date.now()
  let isSeen = state.phase === 'active'
  let hadReplica = isSeen
  let missing = 0
  let latest: Replica | undefined
  let ended: (() => Outcome) | undefined
  return { look, latest: () => latest, ended: () => ended }

  async function look(signal: AbortSignal): Promise<void> {
    const service = await watch.look(name, signal)
    const replica = service?.replicas.find((one) => one.id === id)
    if (service) isSeen = true
    if (replica) found(replica)
    else if (service) withoutReplica(service)
    else await withoutService()
  }

  function found(replica: Replica): void {
    hadReplica = true
    missing = 0
    latest = replica
    if (hasFailed(replica)) ended ??= () => replicaFailed(replica, last)
  }

  function withoutReplica({ status, replicas }: Service): void {
    if (status === 'CONTROLLER_FAILED') {
      ended ??= () => last.outcome('SkyServe’s controller of the service has failed')
    }
    // Numbers are given in their order, so one that is passed over was there.
    if (hadReplica || replicas.some((other) => other.id > id)) isMissing()
  }

  async function withoutService(): Promise<void> {
    const failure = hadReplica ? undefined : (await launch.service?.())?.failure
    if (failure !== undefined) ended ??= () => ({ message: failure })
    else if (isSeen) isMissing()
    // One that is registered late may belong to a request that the API server has forgotten.
    else if (options.wasUp && Date.now() - since >= pace.orphan) {
      ended ??= () => last.outcome(`SkyPilot knows neither the launch nor a service ${name}`)
    }
  }

  function isMissing(): void {
    missing += 1
    if (missing >= MISSING) ended ??= terminated
  }
}
