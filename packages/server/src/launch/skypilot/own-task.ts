import type { LaunchRequest } from '@launchtail/client/protocol'
import { ENGINE_FIELDS } from '../engines/index.js'
import { parseTask, type Task } from '../task.js'
import { checkResources, resourcesOf } from './resources.js'
import { DEFAULT_PORT, portOf, type SkyTask, type TaskOptions } from './vllm-task.js'

/**
 * The caller's own task, with the request's `envs` and `secrets`, and the request's resources where the
 * task leaves them open. Adds to `faults` everything that keeps it from being launched.
 */
export function ownTask(
  request: LaunchRequest,
  text: string,
  { opens }: Pick<TaskOptions, 'opens'>,
  faults: string[],
): SkyTask {
  const task = parseTask(text)
  checkResources(request, faults)
  // `model` is allowed, and only shown: the task decides which model is served.
  for (const field of ENGINE_FIELDS) {
    if (request[field] !== undefined) {
      faults.push(`"${field}" has no meaning beside a "task" of your own`)
    }
  }
  refuseReach(task, faults)
  const count = request.num_nodes ?? task.numNodes
  if (task.fields.num_nodes !== undefined && count !== task.numNodes) {
    faults.push(`"num_nodes" is ${count}, and the task says ${task.numNodes}`)
  }
  const given = { ...task.envs, ...request.envs }
  const secret = { ...task.secrets, ...request.secrets }
  // A name that is declared as one kind and given as the other is a secret.
  for (const name of Object.keys(secret)) {
    if (secret[name] === null && typeof given[name] === 'string') secret[name] = given[name]
    delete given[name]
  }
  const named = request.readiness?.port ?? healthPort(task, given.PORT ?? undefined, faults)
  const port = named ?? (opens ? DEFAULT_PORT : undefined)
  const chosen = port === undefined ? {} : { PORT: String(port) }
  const envs = valued('envs', { ...chosen, ...given }, faults)
  const secrets = valued('secrets', secret, faults)
  const { envs: _, secrets: __, ...fields } = task.fields
  return {
    fields: {
      ...fields,
      ...(count > 1 && { num_nodes: count }),
      resources: completed(task, request, opens ? port : undefined),
    },
    envs,
    secrets,
    port,
  }
}

/**
 * Refuses what would read files of the machine that SkyPilot runs on, or run commands there: permission
 * to launch is not permission to do that.
 */
function refuseReach({ workdir, fileMounts, fields }: Task, faults: string[]): void {
  if (workdir !== undefined && !isGit(workdir)) {
    faults.push('"workdir" must be a git repository (url, ref), not a folder of the server')
  }
  if (fileMounts !== undefined) {
    if (!isRecord(fileMounts)) faults.push('"file_mounts" must be a map')
    else {
      for (const [target, source] of Object.entries(fileMounts)) {
        if (!isRemote(source)) {
          faults.push(
            `"file_mounts" must take ${JSON.stringify(target.slice(0, 100))} from a bucket, not from a path of the server`,
          )
        }
      }
    }
  }
  for (const name of Object.keys(fields)) {
    if (SERVER_SIDE.has(name) || name.startsWith('_')) {
      faults.push(
        `"${name.slice(0, 100)}" is not available here: it acts on SkyPilot's server itself`,
      )
    }
  }
  if (holdsInner(fields.resources)) {
    faults.push('"resources" must not hold fields that begin with "_"')
  }
}

const SERVER_SIDE = new Set(['file_mounts_mapping', 'event_callback', 'config', 'experimental'])

function isGit(workdir: unknown): boolean {
  return isRecord(workdir) && typeof workdir.url === 'string' && REPOSITORY.test(workdir.url)
}

const REPOSITORY = /^(?:https:\/\/|ssh:\/\/|git@)[^\s-]/

const BUCKET = /^(?:s3|gs|gcs|r2|cos|oci|nebius|coreweave|cw|https):\/\/[^\s]+$/

/** True for a bucket, or the description of one. */
function isRemote(source: unknown): boolean {
  if (typeof source === 'string') return BUCKET.test(source)
  if (Array.isArray(source)) return source.length > 0 && source.every(isRemote)
  if (!isRecord(source)) return false
  const { source: from, name } = source
  return from === undefined || from === null ? typeof name === 'string' : isRemote(from)
}

function holdsInner(value: unknown, depth = 0): boolean {
  if (depth > 8) return true
  if (Array.isArray(value)) return value.some((one) => holdsInner(one, depth + 1))
  if (!isRecord(value)) return false
  return Object.entries(value).some(
    ([name, one]) => name.startsWith('_') || holdsInner(one, depth + 1),
  )
}

/** PORT if it is given, else the first port that the task opens, if it names any. */
function healthPort(
  { resources }: Task,
  given: string | undefined,
  faults: string[],
): number | undefined {
  if (given !== undefined) return portOf(given, faults)
  const [first] = [resources?.ports].flat()
  const text = typeof first === 'number' || typeof first === 'string' ? String(first) : undefined
  return text === undefined ? undefined : portOf(/^\d+/.exec(text)?.[0] ?? text, faults)
}

/** The resources; without ports where none are to be opened. */
function completed(
  task: Task,
  request: LaunchRequest,
  port: number | undefined,
): Record<string, unknown> {
  const { ports, ...own } = task.resources ?? {}
  const { infra, accelerators, use_spot, disk_size } = resourcesOf(request)
  const choices = 'any_of' in own || 'ordered' in own
  const placed = choices || ['infra', 'cloud', 'region', 'zone'].some((name) => name in own)
  return {
    ...(infra !== undefined && !placed && { infra }),
    ...(accelerators !== undefined && !choices && { accelerators }),
    ...(use_spot !== undefined && { use_spot }),
    ...(disk_size !== undefined && { disk_size }),
    ...(port !== undefined && { ports: ports ?? [String(port)] }),
    ...own,
  }
}

function valued(
  where: 'envs' | 'secrets',
  values: Readonly<Record<string, string | null | undefined>>,
  faults: string[],
): Record<string, string> {
  const present: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (value === null) faults.push(`"${where}.${name}" has no value: give it with the request`)
    else if (value !== undefined) present[name] = value
  }
  return present
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
