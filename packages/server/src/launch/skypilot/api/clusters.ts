import type { ClusterCost } from '../../launcher.js'
import { COST_DAYS, costsIn } from '../cost-report.js'
import type { Endpoint } from '../readiness.js'
import { SkyApiError } from './error.js'
import { fields, text } from './fields.js'
import type { SkyRequests } from './request-calls.js'
import { isGone } from './requests.js'
import { unlikeApiServer } from './unlike.js'

export interface SkyCluster {
  readonly status: string
  /** The cloud's name, such as `AWS` or `Slurm`, where SkyPilot says it. */
  readonly cloud: string | undefined
}

export interface SkyClusters {
  /** A cluster, or undefined where there is none of that name. `fresh` asks its cloud. */
  cluster(
    name: string,
    options: { fresh?: boolean; signal: AbortSignal },
  ): Promise<SkyCluster | undefined>
  /** This server's own clusters. */
  ownClusters(signal: AbortSignal): Promise<{ name: string; status: string }[]>
  /** A job's status; that of the latest job where `job` is null. */
  jobStatus(cluster: string, job: number | null, signal: AbortSignal): Promise<string | undefined>
  /** Where a port of the cluster is reached: `host:port`, or an address with its scheme. */
  endpoint(cluster: string, port: number, signal: AbortSignal): Promise<Endpoint>
  /** What became of a cluster, step by step, the newest last. */
  events(cluster: string, signal: AbortSignal): Promise<readonly string[]>
  /** What clusters of these names have cost, also those that are gone. */
  costs(names: readonly string[], signal: AbortSignal): Promise<ClusterCost[]>
  /** Asks for all of a cluster's jobs to be cancelled, and returns the request's id. */
  cancelJobs(cluster: string, signal: AbortSignal): Promise<string>
  /** Asks for a cluster to be taken down, and returns the request's id. */
  down(cluster: string, signal: AbortSignal): Promise<string>
}

export function skyClusters(
  { schedule, value }: Pick<SkyRequests, 'schedule' | 'value'>,
  origin: string,
): SkyClusters {
  return { cluster, ownClusters, jobStatus, endpoint, events, costs, cancelJobs, down }

  async function cluster(
    name: string,
    { fresh = false, signal }: { fresh?: boolean; signal: AbortSignal },
  ): Promise<SkyCluster | undefined> {
    const refresh = fresh ? 'FORCE' : 'AUTO'
    const body = { cluster_names: [name], refresh, all_users: true, ...BRIEFLY }
    try {
      const found = await value('/status', body, signal)
      if (!Array.isArray(found)) throw unlikeApiServer(origin)
      const record = found.map(fields).find((one) => one.name === name)
      return record && { status: text(record.status) ?? 'UP', cloud: text(record.cloud) }
    } catch (error) {
      if (error instanceof SkyApiError && isGone(error.type)) return undefined
      throw error
    }
  }

  async function ownClusters(signal: AbortSignal) {
    const body = { cluster_names: null, refresh: 'NONE', all_users: false, ...BRIEFLY }
    const found = await value('/status', body, signal)
    if (!Array.isArray(found)) throw unlikeApiServer(origin)
    return found.map(fields).flatMap(({ name, status }) => {
      return typeof name === 'string' ? [{ name, status: text(status) ?? 'UP' }] : []
    })
  }

  async function jobStatus(name: string, job: number | null, signal: AbortSignal) {
    const body = { cluster_name: name, job_ids: job === null ? null : [job] }
    const statuses = Object.entries(fields(await value('/job_status', body, signal)))
    const own = statuses.find(([id]) => job === null || Number(id) === job)
    return own && text(own[1])?.replace(/^JobStatus\./, '')
  }

  async function endpoint(name: string, port: number, signal: AbortSignal): Promise<Endpoint> {
    try {
      const found = fields(await value('/endpoints', { cluster: name, port }, signal))
      const address = text(found[String(port)])
      return address === undefined ? { is: 'unknown' } : { is: 'at', address }
    } catch (error) {
      if (!(error instanceof SkyApiError)) throw error
      // Otherwise it is not known yet, or SkyPilot is away: it is asked again.
      return { is: HAS_NONE.test(error.message) ? 'none' : 'unknown' }
    }
  }

  async function events(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const body = { cluster_name: name, event_type: 'STATUS_CHANGE', include_timestamps: true }
    const found = await value('/cluster_events', body, signal)
    if (!Array.isArray(found)) return []
    return found.flatMap((event) => text(fields(event).reason) ?? [])
  }

  async function costs(names: readonly string[], signal: AbortSignal): Promise<ClusterCost[]> {
    // Without its pickles. An older server gives all clusters.
    const body = { days: COST_DAYS, cluster_names: names, dashboard_summary_response: true }
    const found = costsIn(await value('/cost_report', body, signal))
    return found.filter(({ name }) => names.includes(name))
  }

  function cancelJobs(name: string, signal: AbortSignal): Promise<string> {
    const body = { cluster_name: name, job_ids: null, all: true, all_users: true }
    return schedule('/cancel', body, signal)
  }

  function down(name: string, signal: AbortSignal): Promise<string> {
    return schedule('/down', { cluster_name: name, purge: false }, signal)
  }
}

/** Said of a place that has no endpoints, such as Slurm. */
const HAS_NONE = /\bQuerying endpoints is not supported\b/

/**
 * SkyPilot gives the cluster's private SSH key and a pickle unless it is told not to. Older servers
 * ignore what they do not know.
 */
const BRIEFLY = { include_credentials: false, include_handle: false, summary_response: true }
