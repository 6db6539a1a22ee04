import type { LaunchRequest } from '@launchtail/client/protocol'
import { saysSecret } from '../../output/redact/secret-name.js'
import { engineOf } from '../engines/index.js'
import { readinessOf } from '../readiness/readiness.js'
import { refusal } from '../task-refusal.js'
import { namedTask } from './engine-task.js'
import { probeMark } from './node-probe/mark.js'
import { withProbe } from './node-probe/with-probe.js'
import { opensPorts } from './opens-ports.js'
import { ownTask } from './own-task.js'
import { type SkyTask, type TaskOptions, type Versions, vllmTask } from './vllm-task.js'
import { asYaml } from './yaml.js'

export interface SkyTaskOptions {
  readonly versions: Versions
  /** True where SkyPilot has refused to open ports. */
  readonly portless?: boolean
  /** The launch's folder: with it, the task has a probe beside it. */
  readonly folder?: string
}

/** The task for SkyPilot. Throws an HttpError that names everything that is wrong with the request. */
export function skyTaskOf(
  request: LaunchRequest,
  { versions, portless = false, folder }: SkyTaskOptions,
): SkyTask {
  const faults: string[] = []
  const readiness = readinessOf(request, faults)
  const opens = !portless && opensPorts(request)
  if (readiness.from === 'endpoint' && !opensPorts(request)) {
    faults.push('"readiness.from" is "endpoint", and there is none where no port can be opened')
  }
  const given = givenTask(request, { versions, opens }, faults)
  const { from = 'auto' } = readiness
  const asksOnNode = from === 'auto' || from === 'node'
  const task =
    folder !== undefined && asksOnNode ? withProbe(given, probeMark(folder), readiness) : given
  for (const [name, value] of Object.entries({ ...task.envs, ...task.secrets })) {
    if (value.includes('\0')) faults.push(`the value of ${name} must not hold a NUL`)
    if (name.startsWith('SKYPILOT_')) faults.push(`"${name}" is a name of SkyPilot's own`)
  }
  if (faults.length > 0) throw refusal(faults)
  // A secret wins over an env of the same name. An env whose name says that it is a secret is one.
  const envs = Object.entries(task.envs).filter(([name]) => !(name in task.secrets))
  const hidden = envs.filter(([name]) => saysSecret(name))
  return {
    ...task,
    envs: Object.fromEntries(envs.filter(([name]) => !saysSecret(name))),
    secrets: { ...Object.fromEntries(hidden), ...task.secrets },
  }
}

function givenTask(request: LaunchRequest, options: TaskOptions, faults: string[]): SkyTask {
  const { task } = request
  if (task !== undefined) return ownTask(request, task, options, faults)
  if (request.num_nodes !== undefined && request.num_nodes > 1) {
    faults.push('"num_nodes" needs a "task" of your own: those of an engine serve on one machine')
  }
  const engine = engineOf(request)
  return engine ? namedTask(request, engine, options, faults) : vllmTask(request, options, faults)
}

/** The task's YAML, with its secrets or only with their names. */
export function taskYaml({ fields, envs, secrets }: SkyTask, withSecrets: boolean): string {
  const names = Object.keys(secrets)
  const given = withSecrets ? secrets : Object.fromEntries(names.map((name) => [name, null]))
  return `${asYaml({ ...fields, envs, ...(names.length > 0 && { secrets: given }) })}\n`
}
