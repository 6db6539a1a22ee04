import { isDeepStrictEqual } from 'node:util'
import type { LogEntry, NodeRecord } from '@launchtail/client'
import type { Lab } from './lab/lab.js'
import { until } from './lab/processes.js'
import { type Launched, lastOf } from './launched.js'
import { differences } from './lines.js'
import { disagreements } from './phases.js'
import type { Product } from './product.js'

export interface Expected {
  status: NodeRecord['status']
  /** The code of the cause, and what its message says. */
  code?: string
  message?: RegExp
  /** The job's last status, where SkyPilot could still be asked for it. */
  job?: string
  /** How many jobs Slurm was given for this launch; `maybe` is one or none. Default: 1. */
  submitted?: number | 'maybe'
  /**
   * The launch is cut off: the end of SkyPilot's logs need not be in the node's, and the node's log may
   * have gone on after its stream.
   */
  cut?: boolean
  /** How long after SkyPilot the stream may tell of a step, in milliseconds. */
  lag?: number
}

/**
 * Checks the end of a launch: its record, its log, its phases, and that nothing is left of it. Throws
 * an error that names everything that is wrong, since a launch takes a minute.
 */
export async function checkEnd(
  { client }: Product,
  lab: Lab,
  launched: Launched,
  expected: Expected,
): Promise<void> {
  const { lag = 20_000, submitted = 1 } = expected
  const { nodeId, cluster, entries, skypilot } = launched
  const record = await launched.ends()
  const { logs } = await client.getNodeLogs(nodeId, { tail: 10_000 })
  const request = await skypilot.requestLog().catch(() => undefined)
  const left = await jobsLeft(lab, cluster)
  const given = (await lab.slurm.jobsOf(cluster, { all: true })).length
  const faults = [
    ...wrongEnd(record, expected),
    ...wrongJob(skypilot.statuses().at(-1)?.name, expected),
    ...otherThan(expected.cut ? logs.slice(0, entries.length) : logs, entries),
    ...differences([request ?? [], skypilot.jobLog()], logs, expected),
    ...disagreements(logs, skypilot, { lag, cut: expected.cut }),
    ...(left.length === 0 ? [] : [`jobs are left in Slurm’s queue: ${left}`]),
    ...(given === submitted || (submitted === 'maybe' && given <= 1)
      ? []
      : [`Slurm was given ${given} jobs instead of ${submitted}`]),
  ]
  if (faults.length === 0) return
  throw new Error(`${faults.join('\n')}\nThe log ends:\n${lastOf(logs, 12)}`)
}

function wrongEnd(record: NodeRecord, { status, code, message }: Expected): string[] {
  const { message: said, code: found } = record.failure ?? { ...record, code: 'none' }
  return [
    ...(record.status === status ? [] : [`it is ${record.status} instead of ${status}`]),
    ...(code === undefined || code === found ? [] : [`its code is ${found} instead of ${code}`]),
    ...(message?.test(said) === false ? [`its message does not say ${message}: ${said}`] : []),
  ]
}

/** The stream must have brought what the history has. */
function otherThan(logs: readonly LogEntry[], entries: readonly LogEntry[]): string[] {
  const at = logs.findIndex((entry, i) => !isDeepStrictEqual(entry, entries[i]))
  if (at < 0 && logs.length === entries.length) return []
  const [stored, read] = [logs[at], entries[at]].map((entry) => JSON.stringify(entry))
  return [
    `the stream brought ${entries.length} entries of ${logs.length}; at ${at}: ${read}, ${stored}`,
  ]
}

/** SkyPilot is asked every few seconds, and the cluster may be gone before it tells how a job ended. */
function wrongJob(last: string | undefined, { job }: Expected): string[] {
  const ended = last !== undefined && !['INIT', 'PENDING', 'SETTING_UP', 'RUNNING'].includes(last)
  return job === undefined || !ended || last === job
    ? []
    : [`SkyPilot’s job is ${last} instead of ${job}`]
}

/** How long a cluster may take to be gone: what does not work before a failure is told goes on after it. */
const GONE = 180_000

/** The jobs of a cluster that Slurm still has after that time. */
async function jobsLeft({ slurm }: Lab, cluster: string): Promise<string[]> {
  let left: string[] = []
  const look = async () => {
    left = await slurm.jobsOf(cluster)
    return left.length === 0
  }
  await until('its jobs to leave Slurm’s queue', look, { within: GONE }).catch(() => {})
  return left
}
