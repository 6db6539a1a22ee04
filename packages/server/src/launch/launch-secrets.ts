import type { LaunchRequest } from '@launchtail/client/protocol'
import { saysSecret } from '../output/redact/secret-name.js'
import { parseTask, type Task } from './task.js'

/**
 * Moves values of `envs` that are secrets to `secrets`: those whose names say so, and those that the
 * task declares as secrets.
 */
export function withSecretEnvs(request: LaunchRequest): LaunchRequest {
  const declared = request.task === undefined ? {} : parseTask(request.task).secrets
  const isHidden = (name: string) => saysSecret(name) || Object.hasOwn(declared, name)
  const envs = Object.entries(request.envs ?? {})
  if (!envs.some(([name]) => isHidden(name))) return request
  const hidden = envs.filter(([name]) => isHidden(name))
  return {
    ...request,
    envs: Object.fromEntries(envs.filter(([name]) => !isHidden(name))),
    secrets: { ...Object.fromEntries(hidden), ...request.secrets },
  }
}

/** The variables of a task that are secrets: all of `secrets`, and those of `envs` whose names say so. */
export function secretsIn({ envs, secrets }: Pick<Task, 'envs' | 'secrets'>): Task['secrets'] {
  const hidden = Object.entries(envs).filter(([name]) => saysSecret(name))
  return { ...Object.fromEntries(hidden), ...secrets }
}

/** All secret values of a request, also those in its task. */
export function secretValuesOf({ secrets = {}, task }: LaunchRequest): readonly string[] {
  const own = task === undefined ? {} : secretsIn(parseTask(task))
  const values = [...Object.values(own), ...Object.values(secrets)]
  return [...new Set(values)].filter((value) => value !== null && value !== '') as string[]
}
