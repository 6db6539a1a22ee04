import type { ClusterCost } from '../../launcher.js'
import { COST_DAYS, costsIn } from '../cost-report.js'
import type { Endpoint } from '../readiness.js'
import { isOfOldSky, keepsTasks } from '../slurm-tasks.js'
import { runSky, type SkyCommandOptions } from './run-sky.js'

export interface SkyQuestion {
  cluster: string
  /** Milliseconds after which the command is killed. */
  timeout: number
  signal: AbortSignal
}

/**
 * Says whether the cluster exists; undefined where that cannot be found out. The answer has prose
 * before its JSON, and the exit code is 0 also where there is no such cluster.
 */
export async function isThere(
  sky: SkyCommandOptions,
  { cluster, ...limits }: SkyQuestion,
): Promise<boolean | undefined> {
  const { text } = await runSky(sky, ['status', cluster, '--refresh', '-o', 'json'], limits)
  const found = listIn(text)
  return found?.some((one) => (one as { name?: unknown } | null)?.name === cluster)
}

/** True where the cluster is up. */
export async function isClusterUp(
  sky: SkyCommandOptions,
  { cluster, ...limits }: SkyQuestion,
): Promise<boolean> {
  const { text } = await runSky(sky, ['status', cluster, '-o', 'json'], limits)
  return (listIn(text) ?? []).some((one) => {
    const { name, status } = (one ?? {}) as { name?: unknown; status?: unknown }
    return name === cluster && /\bUP$/.test(String(status))
  })
}

/** The user's clusters. */
export async function clustersOf(
  sky: SkyCommandOptions,
  limits: Omit<SkyQuestion, 'cluster'>,
): Promise<{ name: string; status: string }[]> {
  const { text } = await runSky(sky, ['status', '-o', 'json'], limits)
  return (listIn(text) ?? []).flatMap((one) => {
    const { name, status } = (one ?? {}) as { name?: unknown; status?: unknown }
    return typeof name === 'string' ? [{ name, status: String(status ?? 'UP') }] : []
  })
}

/** What clusters of these names have cost. An older `sky` has no such list. */
export async function costsOf(
  sky: SkyCommandOptions,
  { names, ...limits }: Omit<SkyQuestion, 'cluster'> & { names: readonly string[] },
): Promise<ClusterCost[]> {
  const words = ['cost-report', '--all', '--days', String(COST_DAYS), '-o', 'json']
  const { text } = await runSky(sky, words, limits)
  return costsIn(listIn(text)).filter(({ name }) => names.includes(name))
}

function listIn(text: string): unknown[] | undefined {
  for (let at = text.indexOf('['); at !== -1; at = text.indexOf('[', at + 1)) {
    try {
      const value: unknown = JSON.parse(text.slice(at, text.lastIndexOf(']') + 1))
      if (Array.isArray(value)) return value
    } catch {
      // This bracket is part of the prose.
    }
  }
  return undefined
}

/** True where the cluster's latest job runs. */
export async function jobRuns(
  sky: SkyCommandOptions,
  { cluster, ...limits }: SkyQuestion,
): Promise<boolean> {
  const { text } = await runSky(sky, ['logs', '--status', cluster], limits)
  return /\bRUNNING\b/.test(text)
}

/** Where a port of the cluster is reached, as soon as that is known. */
export async function endpointOf(
  sky: SkyCommandOptions,
  { cluster, port, ...limits }: SkyQuestion & { port: number },
): Promise<Endpoint> {
  const words = ['status', '--endpoint', String(port), cluster]
  const { code, text } = await runSky(sky, words, limits)
  if (code !== 0) return { is: text.includes('endpoints is not supported') ? 'none' : 'unknown' }
  const address = text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) =>
      /^(?:https?:\/\/)?[\w.[\]:-]+:\d{1,5}(?:\/\S*)?$|^https?:\/\/\S+$/.test(line),
    )
  return address === undefined ? { is: 'unknown' } : { is: 'at', address }
}

/** Takes the cluster down, with whatever is still being done for it. Returns when it is gone. */
export async function skyDown(sky: SkyCommandOptions, question: SkyQuestion): Promise<void> {
  const { cluster } = question
  await endTasks(sky, question)
  const { code, text } = await runSky(sky, ['down', '-y', cluster], question)
  // Further questions would fail as well, and may take minutes to do so.
  if (code !== 0 && OUT_OF_REACH.test(text)) throw notDown(cluster, text)
  const [there, wasLaunched] = await Promise.all([
    isThere(sky, question),
    cancelLaunches(sky, question),
  ])
  if (wasLaunched) return skyDown(sky, question)
  if (there === false || (there === undefined && code === 0)) return
  throw notDown(cluster, text)
}

/** Ends what still runs on a Slurm cluster; see `slurm-tasks.ts`. */
async function endTasks(
  sky: SkyCommandOptions,
  { cluster, ...limits }: SkyQuestion,
): Promise<void> {
  const { text } = await runSky(sky, ['status', cluster, '-o', 'json'], limits)
  if (OUT_OF_REACH.test(text)) throw notDown(cluster, text)
  const isKept = (listIn(text) ?? []).some((one) => {
    const { name, status, cloud } = (one ?? {}) as Record<string, unknown>
    return name === cluster && keepsTasks({ status: String(status), cloud: String(cloud) })
  })
  if (!isKept) return
  const { text: version } = await runSky(sky, ['--version'], limits)
  if (isOfOldSky(version)) await runSky(sky, ['cancel', '-y', '-a', cluster], limits)
}

const OUT_OF_REACH = /\bCould not connect to SkyPilot API server\b/

function notDown(cluster: string, text: string): Error {
  const said = text.trim().split('\n').slice(-3).join(' ').slice(0, 500)
  return new Error(`\`sky down ${cluster}\` did not take it down: ${said}`)
}

/**
 * Cancels launches of the cluster that SkyPilot has still queued: `sky down` ends only those whose
 * cluster is listed already. True where there was one.
 */
async function cancelLaunches(
  sky: SkyCommandOptions,
  { cluster, ...limits }: SkyQuestion,
): Promise<boolean> {
  const { text } = await runSky(sky, ['api', 'status', '-c', cluster, '-o', 'json'], limits)
  // An older `sky` knows no such options, and there is no list then.
  const ids = (listIn(text) ?? []).flatMap((one) => {
    const { request_id: id, name } = (one ?? {}) as { request_id?: unknown; name?: unknown }
    return name === 'sky.launch' && typeof id === 'string' ? [id] : []
  })
  if (ids.length === 0) return false
  await runSky(sky, ['api', 'cancel', '-y', ...ids], limits)
  return true
}
