import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import { engineTask } from '../engines/engine-task.js'
import { ENGINE_FIELDS, engineOf } from '../engines/index.js'
import { parseTask, type Task } from '../task.js'

export type LocalTask = Pick<
  Task,
  'setup' | 'run' | 'envs' | 'secrets' | 'numNodes' | 'workdir' | 'fileMounts' | 'fields'
>

/** Of what installs engines on this machine. A launch by SkyPilot has settings for them. */
const LOCAL_VERSIONS = { uv: '0.9.7', python: '3.12' }

/** The caller's task, or that of an engine that is named. */
export function localTask(request: LaunchRequest, faults: string[]): LocalTask {
  if (request.task !== undefined) {
    const named = ENGINE_FIELDS.filter((field) => request[field] !== undefined)
    for (const field of named) {
      faults.push(`"${field}" has no meaning beside a "task" of your own`)
    }
    return parseTask(request.task)
  }
  const engine = engineOf(request)
  if (!engine) {
    throw new HttpError(
      400,
      'provider "local" needs a "task" with a "run", or an "engine" other than vllm',
    )
  }
  const { gpu, gpu_count } = request
  const gpus = gpu.toLowerCase() === 'cpu' ? 0 : (gpu_count ?? Number(gpu.split(':')[1] ?? 1))
  const options = { versions: LOCAL_VERSIONS, host: '127.0.0.1', gpus } as const
  const { name, image, envs, setup, run } = engineTask(request, engine, options, faults)
  if (image !== undefined) {
    faults.push(`"engine" ${request.engine} comes as a container image, which "local" cannot run`)
  }
  const scripts = { ...(setup !== undefined && { setup }), run }
  return { ...scripts, envs, secrets: {}, numNodes: 1, fields: { name, ...scripts } }
}
