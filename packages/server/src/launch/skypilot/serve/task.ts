import type { LaunchRequest } from '@launchtail/client/protocol'
import { isAccessVariable } from '../../node-access.js'
import { readinessOf } from '../../readiness/readiness.js'
import { parseTask } from '../../task.js'
import { isRecord } from '../../task-fields.js'
import { refusal } from '../../task-refusal.js'
import { opensPorts } from '../opens-ports.js'
import { skyTaskOf } from '../task.js'
import type { SkyTask, Versions } from '../vllm-task.js'

export interface ServiceTaskOptions {
  readonly versions: Versions
  readonly replicas: number
  /** Milliseconds that a replica has to become ready, where its launch says nothing. */
  readonly initialDelay: number
}

/** The task that each replica of a service runs, with the `service` that SkyServe reads. */
export function serviceTask(
  request: LaunchRequest,
  { versions, replicas, initialDelay }: ServiceTaskOptions,
): SkyTask {
  const { fields, envs, secrets, ...task } = checkServe(request, { versions })
  const { paths, timeout = initialDelay } = readinessOf(request)
  const own = isRecord(fields.service) ? fields.service : {}
  const ownProbe = isRecord(own.readiness_probe) ? own.readiness_probe : {}
  const { readiness = {} } = request
  return {
    ...task,
    fields: {
      ...fields,
      service: {
        ...own,
        readiness_probe: {
          // What the task sends belongs to the task's own path.
          ...(readiness.path === undefined && ownProbe),
          path: readiness.path ?? ownProbe.path ?? paths[0],
          initial_delay_seconds: Math.ceil(timeout / 1000),
        },
        replicas,
      },
    },
    // They are one node's own, and all replicas get the same.
    envs: withoutAccess(envs),
    secrets: withoutAccess(secrets),
  }
}

/** The task, without its service. Throws an HttpError that names everything that cannot go with SkyServe. */
export function checkServe(
  request: LaunchRequest,
  { versions }: Pick<ServiceTaskOptions, 'versions'>,
): SkyTask {
  const task = skyTaskOf(request, { versions })
  const faults: string[] = []
  for (const [field, why] of WITHOUT) {
    if (request[field] !== undefined) faults.push(meaningless(field, why))
  }
  const { readiness = {}, num_nodes: nodes = task.fields.num_nodes } = request
  if (readiness.from !== undefined) faults.push(meaningless('readiness.from', PROBES))
  if (typeof nodes === 'number' && nodes > 1) {
    faults.push(meaningless('num_nodes', 'a replica is one machine'))
  }
  if (!opensPorts(request)) {
    faults.push('"mode": "serve" needs a place that opens ports, and "expose" not to be false')
  }
  const service = request.task === undefined ? undefined : parseTask(request.task).fields.service
  const set = isRecord(service) ? SET.filter((name) => service[name] !== undefined) : []
  for (const name of set) {
    faults.push(`"service.${name}" must not be in the task: the group's "replicas" says how many`)
  }
  if (isGuessed(request)) {
    faults.push('"readiness.path" is missing: SkyServe asks each replica there whether it is ready')
  }
  if (faults.length > 0) throw refusal(faults)
  return task
}

/** True where nobody says at which path the server is ready. vLLM's own is the first that is tried. */
function isGuessed(request: LaunchRequest): boolean {
  const isVllm = request.task === undefined && (request.engine ?? 'vllm') === 'vllm'
  return !isVllm && readinessOf(request).guessed
}

function meaningless(field: string, why: string): string {
  return `"${field}" has no meaning with "mode": "serve": ${why}`
}

const PROBES = 'SkyServe asks the replicas itself'
const REPLACES = 'SkyServe replaces replicas by itself'
const ENDS = 'SkyServe decides when a replica ends'
const UNPRICED = 'the price of its replicas is not known'

const WITHOUT: readonly (readonly [keyof LaunchRequest, string])[] = [
  ['places', 'SkyServe looks for a place for each replica; a task may name several'],
  ['attempts', REPLACES],
  ['retry_until_up', REPLACES],
  ['launch_timeout', 'give "readiness.timeout", the time that each replica has'],
  ['max_lifetime', ENDS],
  ['idle_timeout', ENDS],
  ['keep_on_failure', ENDS],
  ['smoke', PROBES],
  ['budget', UNPRICED],
]

const SET = ['replicas', 'replica_policy', 'pool', 'workers', 'tls']

function withoutAccess(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !isAccessVariable(name)))
}
