import type { LaunchRequest } from '@launchtail/client/protocol'
import { readinessOf } from '../readiness/readiness.js'
import { refusal } from '../task-refusal.js'
import { type LocalTask, localTask } from './local-task.js'

/** A supervisor's orders, which it gets through its standard input and nowhere else. */
export interface Plan {
  readonly setup?: string
  readonly run: string
  /** The whole environment of both. Without a PORT in it, they get a free port. */
  readonly environment: Readonly<Record<string, string>>
  /** Where the server is asked whether it is ready, if not at PORT. */
  readonly readyPort?: number
  /** Values that must not be written to the output. */
  readonly secrets: readonly string[]
}

export interface PlanOptions {
  /** The server's environment. */
  env: Readonly<Record<string, string | undefined>>
  /** Names of further variables that are passed on. */
  passEnv: readonly string[]
  /** The server's own secrets, which must not reach the launch's folder either. */
  ownSecrets?: readonly string[]
}

/** What every program may expect. Nothing else of the server's environment is passed on by default. */
const BASE = ['PATH', 'HOME', 'LANG']

/** Throws an HttpError that names everything that keeps the request from running on this machine. */
export function planOf(
  request: LaunchRequest,
  { env, passEnv, ownSecrets = [] }: PlanOptions,
): Plan {
  const faults: string[] = []
  const task = localTask(request, faults)
  const { port } = readinessOf(request, faults)
  // Without a PORT, the server listens where it is to be asked.
  const listens: Record<string, string> = port === undefined ? {} : { PORT: String(port) }
  const given = { ...listens, ...task.envs, ...task.secrets, ...request.envs, ...request.secrets }
  const numNodes = Math.max(task.numNodes, request.num_nodes ?? 1)
  faults.push(...faultsOf({ ...task, numNodes }), ...valueFaults(given, task))
  if (faults.length > 0) throw refusal(faults)
  const secrets = Object.keys({ ...task.secrets, ...request.secrets }).map((name) => given[name])
  return {
    ...(task.setup !== undefined && { setup: task.setup }),
    run: task.run,
    ...(port !== undefined && { readyPort: port }),
    environment: { ...baseEnvironment({ env, passEnv }), ...present(given) },
    // A secret's value that the request replaces may still be in one of the task's scripts.
    secrets: [...new Set([...secrets, ...Object.values(task.secrets), ...ownSecrets])].filter(
      isText,
    ),
  }
}

export function baseEnvironment({ env, passEnv }: PlanOptions): Record<string, string> {
  const passed = [...BASE, ...passEnv].map((name) => [name, env[name]] as const)
  return present(Object.fromEntries(passed))
}

/** Names what SkyPilot can do and processes of this machine cannot. */
function faultsOf(task: LocalTask): string[] {
  const faults: string[] = []
  if (task.workdir !== undefined) {
    faults.push('"workdir" is not available with provider "local": the launch gets an empty folder')
  }
  if (task.fileMounts !== undefined && Object.keys(task.fileMounts as object).length > 0) {
    faults.push('"file_mounts" is not available with provider "local"')
  }
  if (task.numNodes > 1) faults.push('"num_nodes" must be 1 with provider "local"')
  return faults
}

function valueFaults(given: Record<string, string | null>, task: LocalTask): string[] {
  const faults: string[] = []
  for (const [name, value] of Object.entries(given)) {
    if (value === null) {
      const where = name in task.secrets ? 'secrets' : 'envs'
      faults.push(`"${where}.${name}" has no value: give it with the request`)
    } else if (value.includes('\0')) faults.push(`the value of ${name} must not hold a NUL`)
  }
  const { PORT } = given
  if (PORT && !(/^\d{1,5}$/.test(PORT) && Number(PORT) > 0 && Number(PORT) < 65_536)) {
    faults.push('PORT must be a whole number from 1 to 65535')
  }
  return faults
}

function present(values: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => isText(entry[1])),
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
