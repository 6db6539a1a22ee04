import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Engine } from '../engines/engine.js'
import { engineTask } from '../engines/engine-task.js'
import { checkResources, resourcesOf } from './resources.js'
import { portOf, type SkyTask, type TaskOptions } from './vllm-task.js'

/** The task of an engine that is named. Adds to `faults` what keeps it from being launched. */
export function namedTask(
  request: LaunchRequest,
  engine: Engine,
  { versions, opens }: TaskOptions,
  faults: string[],
): SkyTask {
  const { envs: given = {}, secrets = {}, readiness = {} } = request
  checkResources(request, faults)
  const named = given.PORT ?? readiness.port?.toString()
  const port = named === undefined && !opens ? undefined : portOf(named, faults)
  if (readiness.port !== undefined && readiness.port !== port) {
    faults.push(`"readiness.port" is ${readiness.port}, and PORT is ${port}`)
  }
  const { accelerators, ...resources } = resourcesOf(request)
  if (accelerators === undefined && engine.needsGpu) {
    faults.push(`"gpu" is missing: ${request.engine} needs one`)
  }
  const gpus = Number(/:(\d+)$/.exec(accelerators ?? '')?.[1] ?? 0)
  const options = { versions, host: '0.0.0.0', gpus } as const
  const { name, image, setup, run, envs } = engineTask(request, engine, options, faults)
  return {
    fields: {
      name,
      resources: {
        ...resources,
        ...(accelerators !== undefined && { accelerators }),
        ...(image !== undefined && { image_id: image }),
        ...(opens && { ports: [String(port)] }),
      },
      ...(setup !== undefined && { setup }),
      run,
    },
    envs: { ...envs, ...(port !== undefined && { PORT: String(port) }) },
    secrets,
    port,
  }
}
