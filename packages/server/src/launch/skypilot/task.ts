import type { LaunchRequest } from '@launchtail/client/protocol'
import { saysSecret } from '../../output/redact/secret-name.js'
import { readinessOf } from '../readiness/readiness.js'
import { refusal } from '../task-refusal.js'
import { ownTask } from './own-task.js'
import { type SkyTask, type Versions, vllmTask } from './vllm-task.js'
import { asYaml } from './yaml.js'

/** The task for SkyPilot. Throws an HttpError that names everything that is wrong with the request. */
export function skyTaskOf(request: LaunchRequest, versions: Versions): SkyTask {
  const faults: string[] = []
  readinessOf(request, faults)
  const task =
    request.task === undefined
      ? vllmTask(request, versions, faults)
      : ownTask(request, request.task, faults)
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

/** The task's YAML, with its secrets or only with their names. */
export function taskYaml({ fields, envs, secrets }: SkyTask, withSecrets: boolean): string {
  const names = Object.keys(secrets)
  const given = withSecrets ? secrets : Object.fromEntries(names.map((name) => [name, null]))
  return `${asYaml({ ...fields, envs, ...(names.length > 0 && { secrets: given }) })}\n`
}
